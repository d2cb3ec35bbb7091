"""What is answered about the way up, as models: the API's description is made from them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from hub.core.shapes import Shape


class LastAck(Shape):
    """What an operator acknowledged last."""

    at: datetime
    epoch: str
    upto: int
    resend: bool


class OperatorView(Shape):
    """How one operator is kept up to date. `cursor`, `sent` and `head` are numbers of the journal's entries."""

    hub_id: str
    connected: bool
    way: str | None
    since: datetime
    cursor: int
    sent: int
    head: int
    behind: int
    oldest_unsent_s: float | None
    last_ack: LastAck | None
    last_error: str | None


class OperatorViews(Shape):
    """Every operator by its id in config.yaml."""

    operators: dict[str, OperatorView]


class Preview(Shape):
    """Just what leaves the site: messages of the operator wire."""

    operator: str
    batch: dict[str, Any] | None = Field(description="null where nothing waits")
    status: dict[str, Any]


class Replaying(Shape):
    """How many entries are sent again."""

    operator: str
    entries: int
