"""What a go-e Charger's entry in the configuration takes beside the common keys: nothing."""

from __future__ import annotations

from hub.sdk import IntegrationConfig


class Config(IntegrationConfig):
    """No keys of its own; `host` and `port` are common ones."""
