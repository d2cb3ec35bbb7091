"""The hub's figures for Prometheus: tables of names, units and where each comes from. Pure.

Names and units are those of Prometheus (amperes, watts, joules, seconds, bytes). What is unknown has no sample. Every
label has as many values as the drawing, or a list in the code, has entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hub.core.pulse import Pulse
from hub.core.state import LiveCharger, LiveCircuit, LiveMeter, Picture
from hub.model.charger import Status
from hub.model.grant import Grant
from hub.model.units import PHASES, PerPhase

Sample = tuple[tuple[str, ...], float | None]
"""The values of the labels, and the figure; None where it is unknown."""
JOULES = 3600.0  # in a watt-hour


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric and its samples. `counts`: it only ever grows."""

    name: str
    says: str
    samples: Iterable[Sample]
    labels: tuple[str, ...] = ()
    counts: bool = False


Charger = Callable[[LiveCharger, Grant | None], float | None]
Meter = Callable[[LiveMeter], float | None]
Lines = Callable[[LiveCircuit], PerPhase[float | None] | PerPhase[float]]

OF_CHARGERS: tuple[tuple[str, str, Charger], ...] = (
    ("online", "The hub and the charger can talk.", lambda live, _: _flag(live.online)),
    ("power_watts", "Power that the charger draws.", lambda live, _: live.reading.power_w if live.reading else None),
    ("limit_amperes", "Limit that the hub grants, per phase.", lambda _, grant: grant.limit_a if grant else None),
    ("held_amperes", "Limit that the charger has confirmed, per phase.", lambda live, _: live.held_a),
)
OF_METERS: tuple[tuple[str, str, Meter], ...] = (
    ("online", "The meter answers.", lambda live: _flag(live.online)),
    (
        "power_watts",
        "Power through the meter; import is positive.",
        lambda live: live.reading.total_w if live.reading else None,
    ),
)
OF_LINES: tuple[tuple[str, str, Lines], ...] = (
    ("current_amperes", "Current on each line of a circuit.", lambda live: live.current_a),
    ("limit_amperes", "What may flow continuously.", lambda live: live.limit_a),
    ("headroom_amperes", "What is left.", lambda live: live.headroom_a),
)


def of_picture(picture: Picture, now_s: float) -> Iterator[Figure]:
    """Chargers, meters and circuits. `now_s`: the monotonic clock."""
    yield from _chargers(picture)
    yield from _meters(picture, now_s)
    yield from _circuits(picture)
    balancing = picture.balancing
    running = None if balancing is None else float(not balancing.starting)
    yield alone("evhub_balancing_running", "The balancer has the whole site before it and may raise limits.", running)


def _chargers(picture: Picture) -> Iterator[Figure]:
    live = {id: picture.chargers[id] for id in picture.site.chargers if id in picture.chargers}
    words = Counter("unknown" if one.status is None else one.status.value for one in live.values())
    counted = [((word,), float(words[word])) for word in (*(status.value for status in Status), "unknown")]
    yield Figure("evhub_chargers", "Chargers by what they do.", counted, ("status",))
    for name, says, of in OF_CHARGERS:
        samples = [((id,), of(one, picture.grants.get(id))) for id, one in live.items()]
        yield Figure(f"evhub_charger_{name}", says, samples, ("charger",))
    amps = [
        ((id, str(phase)), None if one.line_a is None else one.line_a.of(phase))
        for id, one in live.items()
        for phase in PHASES
    ]
    says = "Current that the charger draws on each supply line."
    yield Figure("evhub_charger_current_amperes", says, amps, ("charger", "phase"))
    energy = [((id,), _joules(one.reading.energy_wh if one.reading else None)) for id, one in live.items()]
    yield Figure("evhub_charger_energy_joules", "The charger's lifetime register.", energy, ("charger",), counts=True)
    open_now = sum(one.session is not None for one in live.values())
    yield alone("evhub_sessions_open", "Charging sessions that are open.", open_now)


def _meters(picture: Picture, now_s: float) -> Iterator[Figure]:
    live = {id: picture.meters[id] for id in picture.site.meters if id in picture.meters}
    for name, says, of in OF_METERS:
        samples = [((id,), of(one)) for id, one in live.items()]
        yield Figure(f"evhub_meter_{name}", says, samples, ("meter",))
    ages = [((id,), None if one.reading_at_s is None else now_s - one.reading_at_s) for id, one in live.items()]
    yield Figure("evhub_meter_age_seconds", "How long ago the meter last gave a sample.", ages, ("meter",))
    taken = [((id,), _joules(one.reading.import_wh if one.reading else None)) for id, one in live.items()]
    yield Figure("evhub_meter_import_joules", "The meter's register of import.", taken, ("meter",), counts=True)
    given = [((id,), _joules(one.reading.export_wh if one.reading else None)) for id, one in live.items()]
    yield Figure("evhub_meter_export_joules", "The meter's register of export.", given, ("meter",), counts=True)


def _circuits(picture: Picture) -> Iterator[Figure]:
    live = {id: picture.circuits[id] for id in picture.site.circuits if id in picture.circuits}
    for name, says, of in OF_LINES:
        samples = [((id, str(phase)), of(one).of(phase)) for id, one in live.items() for phase in PHASES]
        yield Figure(f"evhub_circuit_{name}", says, samples, ("circuit", "phase"))
    over = [((id,), float(one.over)) for id, one in live.items()]
    yield Figure("evhub_circuit_over_limit", "A line of the circuit carries more than its limit.", over, ("circuit",))
    binding = [((id,), float(one.binding)) for id, one in live.items()]
    yield Figure("evhub_circuit_binding", "The circuit keeps a charger from more.", binding, ("circuit",))


def of_pulse(pulse: Pulse) -> Iterator[Figure]:
    """How late the event loop was in the last minute."""
    says = "How late the event loop was in the last minute: "
    yield alone("evhub_loop_lag_p99_seconds", f"{says}99 of 100 times less.", pulse.late_s(0.99))
    yield alone("evhub_loop_lag_max_seconds", f"{says}the worst.", pulse.late_s(1.0))


def of_orders(given: Mapping[tuple[str, str], int]) -> Figure:
    """Orders that were answered since the start."""
    samples = [(pair, float(count)) for pair, count in given.items()]
    says = "Orders that were answered, by what came of them."
    return Figure("evhub_orders", says, samples, ("order", "result"), counts=True)


def alone(name: str, says: str, value: float | None, *, counts: bool = False) -> Figure:
    """A figure of the hub as a whole."""
    return Figure(name, says, [((), value)], counts=counts)


def _flag(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _joules(wh: float | None) -> float | None:
    return None if wh is None else wh * JOULES
