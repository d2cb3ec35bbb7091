"""What a new configuration changes in the one before: which keys, what waits for a restart, what to tell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import BaseModel

from hub.devices.entries import is_same
from hub.model.candidate import Kind
from hub.model.charger import Charger
from hub.model.facts import DeviceAdopted, DeviceReplaced, DeviceRetired, Event
from hub.model.ids import ChargerId, MeterId
from hub.model.site import Meter, Site

LIVE = frozenset({"site", "public_url", "grid", "circuits", "chargers", "meters", "balance", "discovery", "recorder"})
"""The sections that count as soon as the file is read; every other one is read once, when the hub starts."""


def differing(before: BaseModel, after: BaseModel) -> Iterator[str]:
    """The dotted keys whose values differ: `grid.limit_a`; of circuits, chargers and meters the whole entry."""
    for section in type(after).model_fields:
        old, new = getattr(before, section, None), getattr(after, section)
        if isinstance(old, BaseModel) and isinstance(new, BaseModel):
            old, new = dict(old), dict(new)  # not as dumped: there all secrets are alike
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from (f"{section}.{key}" for key in {**old, **new} if old.get(key) != new.get(key))
        elif old != new:
            yield section


def needing_restart(started: BaseModel, now: BaseModel) -> tuple[str, ...]:
    """The keys that say something else than when the hub started, and are read only then."""
    return tuple(key for key in differing(started, now) if key.split(".")[0] not in LIVE)


def told(before: Site, after: Site, at: datetime) -> Iterator[Event]:
    """What happened to the devices of the drawing: retired, replaced, adopted."""
    yield from _told(Kind.CHARGER, dict(before.chargers), dict(after.chargers), at)
    yield from _told(Kind.METER, dict(before.meters), dict(after.meters), at)


Drawn = Mapping[ChargerId, Charger] | Mapping[MeterId, Meter]


def _told(kind: Kind, before: Drawn, after: Drawn, at: datetime) -> Iterator[Event]:
    old = {str(id): device for id, device in before.items()}
    new = {str(id): device for id, device in after.items()}
    for gone in (device for id, device in old.items() if id not in new):
        yield DeviceRetired(at=at, kind=kind, device=gone.id, station=gone.station)
    for id, device in new.items():
        if id not in old:
            yield DeviceAdopted(at=at, kind=kind, device=device.id, station=device.station)
        elif not is_same(old[id].station, device.station):
            yield DeviceReplaced(at=at, kind=kind, device=device.id, before=old[id].station, after=device.station)
