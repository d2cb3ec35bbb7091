"""What there is to tell of meters after a look at the circuits: who fell silent, and who is believed again. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.core.state import LiveCircuit, Picture
from hub.model.facts import MeterFellSilent, MeterSpokeAgain
from hub.model.ids import CircuitId


def news(before: Mapping[CircuitId, LiveCircuit], picture: Picture) -> Iterator[MeterFellSilent | MeterSpokeAgain]:
    """The difference between two looks, a fact for each meter that is another than before."""
    for id, circuit in picture.circuits.items():
        drawn, old = picture.site.circuits.get(id), before.get(id)
        meter = None if drawn is None else drawn.meter
        was, now = None if old is None else old.blind, circuit.blind
        if meter is None or was == now:
            continue
        if now is not None:
            yield MeterFellSilent(at=circuit.at, meter=meter, circuit=id, frozen=now.frozen)
        elif was is not None:
            for_s = (circuit.at - was.since).total_seconds()
            yield MeterSpokeAgain(at=circuit.at, meter=meter, circuit=id, for_s=round(for_s, 1))


def in_words(told: MeterFellSilent | MeterSpokeAgain) -> str:
    """A line for the log."""
    if isinstance(told, MeterSpokeAgain):
        return f"meter {told.meter} can be believed again, after {told.for_s:.0f} s"
    how = "always says the same" if told.frozen else "says nothing"
    return f"meter {told.meter} {how}: nobody in {told.circuit} is raised"
