"""What each circuit carries now, for everybody who looks: measured where it has a meter, else summed. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hub.balance.memory import Memory
from hub.balance.metered import SILENT_S, Watch
from hub.balance.network import TURN
from hub.core.state import Blind, LiveCharger, LiveCircuit, Picture
from hub.model.charger import Charger, Connection, Status
from hub.model.grant import Limiter
from hub.model.ids import CircuitId
from hub.model.site import Circuit
from hub.model.units import PHASES, PerPhase, Phase

OVER_A = 0.1  # so much above a limit is noise
BINDING = frozenset({Limiter.CIRCUIT, Limiter.QUEUE})

Phasors = PerPhase[complex | None]


class Flow(NamedTuple):
    """What flows through a point: a phasor on each line and the power; None where it is not known."""

    lines: Phasors
    power_w: float | None


NOTHING = Flow(PerPhase(0j, 0j, 0j), 0.0)
UNKNOWN = Flow(PerPhase(None, None, None), None)


def survey(memory: Memory, picture: Picture, at: datetime, now_s: float) -> dict[CircuitId, LiveCircuit]:
    """Every circuit of the drawing. What is not known of a part is not known of the sum."""
    binding = {grant.circuit for grant in picture.grants.values() if grant.limiter in BINDING}
    flows: dict[CircuitId, Flow] = {}
    found: dict[CircuitId, LiveCircuit] = {}
    for circuit in memory.tree.deepest_first:
        watch = memory.backgrounds.watches.get(circuit.id)
        if watch is None:
            children = [flows[child] for child in memory.tree.children[circuit.id]]
            chargers = [_of_charger(c, picture.chargers.get(c.id)) for c in memory.tree.chargers[circuit.id]]
            flows[circuit.id] = _sum([*children, *chargers])
        else:
            flows[circuit.id] = _of_meter(watch, now_s)
        live = found[circuit.id] = _live(circuit, flows[circuit.id], at, measured=watch is not None, binding=binding)
        before = picture.circuits.get(circuit.id, live)
        live.over_since = (before.over_since or at) if live.over else None
        if watch is not None:
            live.by_house = _by_house(live, memory, now_s)
            live.blind = _blind(watch, before.blind, memory, Moment(at, now_s))
    return found


class Moment(NamedTuple):
    """Now, in both clocks."""

    at: datetime
    s: float


def _by_house(live: LiveCircuit, memory: Memory, now_s: float) -> tuple[Phase, ...]:
    """The lines above the limit that would be so without any car."""
    if not live.over:
        return ()
    house_a = memory.backgrounds.background_a(live.id, now_s)
    lines = zip(PHASES, live.headroom_a, house_a, live.limit_a, strict=True)
    return tuple(p for p, room, a, limit in lines if room is not None and room < -OVER_A and a > limit + OVER_A)


def _blind(watch: Watch, before: Blind | None, memory: Memory, now: Moment) -> Blind | None:
    """A meter has its time to speak after the start; then it is missed."""
    if not watch.silent(now.s) or (watch.heard_s is None and now.s - memory.drawn_s <= SILENT_S):
        return None
    if before is not None and (before.frozen or not watch.frozen):
        return before
    heard_s = memory.drawn_s if watch.heard_s is None else watch.heard_s
    return Blind(now.at - timedelta(seconds=now.s - heard_s), watch.frozen)


def _live(
    circuit: Circuit, flow: Flow, at: datetime, *, measured: bool, binding: Collection[CircuitId | None]
) -> LiveCircuit:
    current = PerPhase(*(_amps(phasor, turn) for phasor, turn in zip(flow.lines, TURN, strict=True)))
    headroom = PerPhase(*(_less(limit, a) for limit, a in zip(circuit.limit_a, current, strict=True)))
    return LiveCircuit(
        circuit.id,
        at,
        current_a=current,
        headroom_a=headroom,
        limit_a=circuit.limit_a,
        power_w=flow.power_w,
        measured=measured,
        binding=circuit.id in binding,
        over=any(room is not None and room < -OVER_A for room in headroom),
    )


def _amps(phasor: complex | None, turn: complex) -> float | None:
    """Signed amps: negative where it flows against the line's voltage, towards the grid."""
    if phasor is None:
        return None
    return round(math.copysign(abs(phasor), (phasor * turn.conjugate()).real), 3) + 0.0  # no minus zero


def _less(limit_a: float, a: float | None) -> float | None:
    return None if a is None or math.isinf(limit_a) else round(limit_a - a, 3)


def _of_meter(watch: Watch, now_s: float) -> Flow:
    if watch.meter_a is None or watch.silent(now_s):
        return UNKNOWN
    l1, l2, l3 = (a * turn for a, turn in zip(watch.meter_a, TURN, strict=True))
    return Flow(PerPhase(l1, l2, l3), watch.power_w)


def _of_charger(charger: Charger, live: LiveCharger | None) -> Flow:
    """What a charger draws. Without a reading nothing flows where its status says so."""
    if live is None or not live.online:
        return UNKNOWN
    power_w = None if live.reading is None else live.reading.power_w
    if live.status not in (None, Status.CHARGING):
        return NOTHING if live.line_a is None else Flow(_phasors(charger, live.line_a), power_w or 0.0)
    return UNKNOWN if live.line_a is None else Flow(_phasors(charger, live.line_a), power_w)


def _phasors(charger: Charger, line_a: PerPhase[float | None]) -> Phasors:
    turns = dict(zip(PHASES, TURN, strict=True))
    if charger.connection is Connection.LL and charger.phases is not None:
        one, other = charger.phases
        between = turns[one] - turns[other]
        turns[one], turns[other] = between / abs(between), -between / abs(between)
    l1, l2, l3 = (None if a is None else a * turns[phase] for a, phase in zip(line_a, PHASES, strict=True))
    return PerPhase(l1, l2, l3)


def _sum(flows: Sequence[Flow]) -> Flow:
    l1, l2, l3 = (_added([flow.lines[place] for flow in flows]) for place in range(3))
    power = _added([flow.power_w for flow in flows])
    return Flow(PerPhase(l1, l2, l3), None if power is None else power.real)


def _added(parts: Sequence[complex | None]) -> complex | None:
    known = [part for part in parts if part is not None]
    return sum(known, 0j) if len(known) == len(parts) else None
