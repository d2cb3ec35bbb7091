"""What became of the configuration, as models: the API's description is made from them. Pure."""

from __future__ import annotations

from hub.core.shapes import Shape


class Reloaded(Shape):
    """Which keys are new, and which of them wait for a restart."""

    file: str
    changed: list[str]
    needs_restart: list[str]


class Renamed(Shape):
    """A device and what it is called now."""

    device: str
    name: str


class Retired(Shape):
    """The devices of a station that left the drawing."""

    devices: list[str]
    station: str


class Replaced(Shape):
    """The devices behind which another station stands."""

    devices: list[str]
    before: str
    station: str
