"""What is answered about sessions, as models: the API's description is made from them. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from hub.core.shapes import Shape


class KeptSession(Shape):
    """A session from plug-in to plug-out."""

    id: str
    charger: str
    station: str
    transaction: int | None
    token: str | None
    plugged_at: datetime | None
    started_at: datetime
    ended_at: datetime | None = Field(description="null while it is open")
    energy_wh: float | None = Field(description="null: nobody knows")
    reason: str | None = Field(description="why it ended")
    flags: list[str] = Field(description="words of doubt")


class MonthTotal(Shape):
    """What a charger gave in a month of the site's clock."""

    month: str
    charger: str
    sessions: int
    energy_wh: float | None = Field(description="of those whose energy is known; null when none is")
    unknown: int = Field(description="so many of its sessions have no known energy")


class SessionList(Shape):
    """A page of sessions, newest first, and the totals of all that were asked for."""

    sessions: list[KeptSession]
    more: int = Field(description="so many come after this page")
    next: str | None = Field(description="give it as `after` to go on; null on the last page")
    totals: list[MonthTotal]
