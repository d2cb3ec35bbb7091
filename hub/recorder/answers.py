"""What is answered about the past, as models: the API's description is made from them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from hub.core.shapes import Shape
from hub.model.charger import Status
from hub.model.grant import Limiter
from hub.model.units import Phase
from hub.recorder.query import Every
from hub.recorder.sample import Kind
from hub.recorder.times import Period


class Rows(Shape):
    """What was measured and done, as rows over time."""

    of: str
    kind: Kind
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    every: Every
    note: str | None = Field(description="why it is coarser than asked for, or begins later")
    columns: list[str]
    rows: list[list[float | int | str | bool | None]]


class MeterTotal(Shape):
    """What went through a meter."""

    import_wh: float | None
    export_wh: float | None


class SpanTotal(Shape):
    """Energy in a stretch of time."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    chargers_wh: float | None
    grid_import_wh: float | None
    grid_export_wh: float | None
    chargers: dict[str, float]
    meters: dict[str, MeterTotal]


class Totals(Shape):
    """Energy by charger and of the site."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    by: Period
    rows: list[SpanTotal]


class Why(Shape):
    """Why a charger had its limit at a moment; where the details are gone, what the statistics of that hour say."""

    charger: str
    at: datetime
    limit_reason: Limiter | None
    limit_a: float | None = None
    held_a: float | None = None
    status: Status | Literal["offline"] | None = None
    circuit: str | None = None
    phase: Phase | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = Field(default=None, description="null: it is so still")
    hour: datetime | None = Field(default=None, description="where only statistics are left: the hour")
    limited_s: dict[str, int] | None = Field(default=None, description="seconds of that hour, by reason")
