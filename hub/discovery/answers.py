"""What is answered about devices, as models: the API's description is made from them. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from hub.core.shapes import AddressState, Shape
from hub.model.candidate import Confidence, Kind


class DrawnDevice(Shape):
    """A device of the drawing."""

    kind: Kind
    id: str
    name: str
    station: str
    integration: str
    circuit: str | None = Field(description="where a charger hangs, or what a meter measures")


class FoundDevice(Shape):
    """A device that was found and waits to be adopted."""

    integration: str
    kind: Kind
    station: str
    address: AddressState | None
    confidence: Confidence
    model: str | None
    connectors: int | None
    source: str
    seen_at: datetime


class Devices(Shape):
    """The devices of the drawing, and those that wait."""

    devices: list[DrawnDevice]
    candidates: list[FoundDevice]


class Adopted(Shape):
    """A device that came into the drawing, and its id there."""

    kind: Kind
    id: str
    station: str
