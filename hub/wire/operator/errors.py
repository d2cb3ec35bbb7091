"""What can be wrong with a message."""

from __future__ import annotations


class NotReadable(ValueError):
    """A message that is not what it should be; the text says where and why."""
