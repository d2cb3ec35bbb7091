"""The devices that the drawing had at the last look. Kept, so that what an edit did to them is told also when the hub
was off meanwhile, and so that the id of a retired one is remembered. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.devices.entries import is_same
from hub.model.candidate import Kind
from hub.model.facts import DeviceAdopted, DeviceReplaced, DeviceRetired, Event
from hub.model.ids import ChargerId, MeterId, StationId
from hub.model.site import Site


@dataclass(frozen=True, slots=True)
class Known:
    """The station behind each charger and meter, by its id; and the ids of those that left."""

    chargers: Mapping[str, str] = field(default_factory=dict)
    meters: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    def after(self, site: Site) -> Known:
        """What is known after a look at this drawing."""
        chargers = {str(id): str(charger.station) for id, charger in site.chargers.items()}
        meters = {str(id): str(meter.station) for id, meter in site.meters.items()}
        gone = {*self.chargers, *self.meters, *self.retired} - {*chargers, *meters}
        return Known(chargers, meters, frozenset(gone))

    def to_json(self) -> dict[str, object]:
        """As it is kept."""
        return {"chargers": self.chargers, "meters": self.meters, "retired": sorted(self.retired)}


def known(document: object) -> Known:
    """As it was kept; nothing at the first start."""
    if not isinstance(document, dict):
        return Known()
    return Known(document["chargers"], document["meters"], frozenset(document["retired"]))


def told(before: Known, after: Known, at: datetime) -> Iterator[Event]:
    """What happened to the devices in between: retired, replaced, adopted."""
    yield from _told(Kind.CHARGER, before.chargers, after.chargers, at)
    yield from _told(Kind.METER, before.meters, after.meters, at)


def _told(kind: Kind, before: Mapping[str, str], after: Mapping[str, str], at: datetime) -> Iterator[Event]:
    for id in sorted(before.keys() - after.keys()):
        yield DeviceRetired(at=at, kind=kind, device=_id(kind, id), station=StationId(before[id]))
    for id in sorted(after.keys() - before.keys()):
        yield DeviceAdopted(at=at, kind=kind, device=_id(kind, id), station=StationId(after[id]))
    for id in sorted(after.keys() & before.keys()):
        old, new = StationId(before[id]), StationId(after[id])
        if not is_same(old, new):
            yield DeviceReplaced(at=at, kind=kind, device=_id(kind, id), before=old, after=new)


def _id(kind: Kind, id: str) -> ChargerId | MeterId:
    return ChargerId(id) if kind is Kind.CHARGER else MeterId(id)
