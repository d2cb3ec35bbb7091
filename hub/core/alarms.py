"""Alarms: what a person should know of the site now, each in a word for programs and a sentence for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.core.state import LiveCircuit, Picture
from hub.model.ids import MeterId


@dataclass(frozen=True, slots=True)
class Alarm:
    """One of them. It is there as long as its cause; `since` None: nobody noted when it began."""

    code: str
    text: str
    since: datetime | None = None


def alarms(picture: Picture) -> Iterator[Alarm]:
    """All that the live picture gives cause for, circuits first."""
    for circuit in picture.circuits.values():
        if circuit.over:
            yield Alarm("circuit_over_limit", _over(picture, circuit), circuit.over_since)
    for circuit in picture.circuits.values():
        if circuit.blind is not None:
            code = "meter_frozen" if circuit.blind.frozen else "meter_silent"
            yield Alarm(code, _blind(picture, circuit, frozen=circuit.blind.frozen), circuit.blind.since)


def _over(picture: Picture, circuit: LiveCircuit) -> str:
    name = _name(picture, circuit)
    if not circuit.by_house:
        return f"{name} carries more than its limit"
    return f"{name}: {' and '.join(circuit.by_house)} over by house load"


def _blind(picture: Picture, circuit: LiveCircuit, *, frozen: bool) -> str:
    drawn = picture.site.circuits.get(circuit.id)
    id = MeterId("") if drawn is None or drawn.meter is None else drawn.meter
    meter = picture.site.meters.get(id)
    what = "always says the same" if frozen else "says nothing"
    return f"{(meter.name if meter else '') or f'meter {id}'} {what}; nobody in {_name(picture, circuit)} is raised"


def _name(picture: Picture, circuit: LiveCircuit) -> str:
    drawn = picture.site.circuits.get(circuit.id)
    return (drawn.name if drawn else None) or circuit.id
