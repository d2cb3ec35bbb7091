"""The metered circuits over time: what flows besides the cars now, and the worst of a while. Pure; time is given."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from hub.balance.alert import Alert, Stance
from hub.balance.background import MOVES_A, ZERO, Amps, Span, estimate, least, span, together
from hub.balance.network import in_phase
from hub.balance.standstill import Drawn, Standstill
from hub.balance.thermal import warmths
from hub.balance.track import Track
from hub.balance.tree import Tree
from hub.core.state import LiveMeter
from hub.model.ids import ChargerId, CircuitId, MeterId
from hub.model.reading import MeterReading
from hub.model.site import Circuit, Site
from hub.model.units import PerPhase, known

SILENT_S = 10.0  # a meter that said nothing for so long says nothing about now
LOST_S = 12.0  # after such a pause it is believed again…
GOOD = 3  # …with its third sample
NOW_S = 0.0
MINUTE_S = 60.0
HOUR_S = 3600.0
START_A = 3.0  # the margin is at most half of a car's minimum
FORGET_S = 600.0
SLOT_S = 5.0


def measured(reading: MeterReading, voltage_v: float, limit_a: Amps) -> Amps | None:
    """Signed amps on each line; without a current, power over voltage. None where a line in use is unknown."""
    amps = _complete(reading.current_a, limit_a)
    watts = _complete(reading.power_w, limit_a)
    if amps is not None or watts is None:
        return amps
    volts = None if reading.voltage_v is None else known(reading.voltage_v)
    return PerPhase(*(w / v for w, v in zip(watts, volts or (voltage_v,) * 3, strict=True)))


def power(reading: MeterReading) -> float | None:
    """Watts over all lines."""
    if reading.total_w is not None or reading.power_w is None:
        return reading.total_w
    watts = [w for w in reading.power_w if w is not None]
    return sum(watts) if watts else None


def _complete(values: PerPhase[float | None] | None, limit_a: Amps) -> Amps | None:
    """All three lines, with 0 for one that does not exist (its limit is 0)."""
    if values is None:
        return None
    return known(PerPhase(*(0.0 if v is None and limit == 0 else v for v, limit in zip(values, limit_a, strict=True))))


Falling = deque[tuple[int, float]]
"""Values by slot, each less than the one before."""


@dataclass(slots=True)
class Past:
    """The worst of the last hour by line, in slots of some seconds.

    Only what no later value exceeds is kept: of any while up to now the first that is left is the largest.
    """

    lines: PerPhase[Falling] = field(default_factory=lambda: PerPhase(Falling(), Falling(), Falling()))

    def add(self, amps: Amps, now_s: float) -> None:
        """Remember a value."""
        slot = int(now_s // SLOT_S)
        for line, a in zip(self.lines, amps, strict=True):
            while line and line[-1][1] <= a:
                line.pop()
            line.append((slot, a))
            while line[0][0] < slot - HOUR_S // SLOT_S:
                line.popleft()

    def worst(self, now_s: float, last_s: float) -> Amps | None:
        """The largest on each line in the last so many seconds; None where there is nothing."""
        since = (now_s - last_s) // SLOT_S
        l1, l2, l3 = (next((a for slot, a in line if slot >= since), None) for line in self.lines)
        return known(PerPhase(l1, l2, l3))


def _worse(one: Amps, other: Amps) -> Amps:
    return PerPhase(*map(max, one, other))


def _worst_of(one: Amps | None, other: Amps | None) -> Amps | None:
    return one or other if one is None or other is None else _worse(one, other)


@dataclass(slots=True)
class Watch:
    """A metered circuit over time."""

    circuit: Circuit
    heard_s: float | None = None
    meter_a: Amps | None = None
    power_w: float | None = None
    now_a: Amps | None = None
    passing_a: Amps | None = None  # the background in an excess that may pass: it is no load to reckon with yet
    past: Past = field(default_factory=Past)
    sure: Past = field(default_factory=Past)  # the least that the background can have been
    clear: bool = False  # it has spoken when everybody below was known and no car was on its way
    good: int = GOOD  # samples since it was silent or stood still
    stands: Standstill = field(default_factory=Standstill)
    alert: Alert = field(init=False)

    def __post_init__(self) -> None:
        self.alert = Alert(self.circuit.limit_a, warmths(self.circuit))

    def hear(self, meter_a: Amps, at_s: float, cars: Span, drawn: Drawn) -> None:
        """A sample of the meter, what the cars drew then, and what their chargers measured last."""
        pause_s = 0.0 if self.heard_s is None else at_s - self.heard_s
        self.heard_s, self.meter_a = at_s, meter_a
        if self.stands.see(meter_a, drawn, at_s):
            self.good = 0
            return
        self.good = 1 if pause_s > LOST_S else min(self.good + 1, GOOD)
        self.alert.see(meter_a, at_s)
        if self.alert.may_pass(at_s):
            self.passing_a = estimate(meter_a, cars, self._before(at_s), self.circuit.limit_a)
            return
        self.sure.add(least(meter_a, cars), at_s)
        self.now_a = estimate(meter_a, cars, self._before(at_s), self.circuit.limit_a)
        self.passing_a = None
        self.past.add(self.now_a, at_s)

    def _before(self, at_s: float) -> Amps | None:
        """The last estimate, as far as the last minutes were sure of it: what doubt keeps up is forgotten in time."""
        sure = self.sure.worst(at_s, FORGET_S)
        return self.now_a if self.now_a is None or sure is None else PerPhase(*map(min, self.now_a, sure))

    def forget(self) -> None:
        """Begin anew: what was reckoned so far had a car in it that nobody knew."""
        self.now_a, self.passing_a, self.past, self.sure = None, None, Past(), Past()

    def remember(self, before: Watch) -> None:
        """Take over the past of the same circuit in an earlier drawing."""
        self.heard_s, self.meter_a, self.power_w = before.heard_s, before.meter_a, before.power_w
        self.now_a, self.past, self.sure, self.clear = before.now_a, before.past, before.sure, before.clear
        self.passing_a, self.good, self.stands = before.passing_a, before.good, before.stands
        if replace(before.circuit, name=self.circuit.name) == self.circuit:
            self.alert = before.alert

    def silent(self, now_s: float) -> bool:
        """The meter says nothing about now: nothing at all, always the same, or not often enough again."""
        return not self.fresh(now_s) or self.good < GOOD

    @property
    def frozen(self) -> bool:
        """It speaks, and always says the same."""
        return self.good == 0

    def fresh(self, now_s: float) -> bool:
        """Its last sample is of now."""
        return self.heard_s is not None and now_s - self.heard_s <= SILENT_S and not self.frozen

    def behind(self, since_s: float, now_s: float) -> bool:
        """It has not spoken since then: soon it does, or it counts as silent."""
        return now_s - since_s <= SILENT_S and (self.heard_s is None or self.heard_s <= since_s)

    def background_a(self, now_s: float, last_s: float, calm_s: float) -> Amps | None:
        """The worst of the last so many seconds (0: now; an hour: to start); while the meter is silent, of an hour."""
        if self.silent(now_s):
            return _worst_of(self.past.worst(now_s, HOUR_S), self.passing_a)
        if last_s == HOUR_S:
            return self._to_start_a(now_s, calm_s)
        passed = self.passing_a is None or self.alert.stance(now_s) is Stance.WAITS
        if last_s == NOW_S:
            return self.now_a if passed else self.passing_a
        return self.past.worst(now_s, last_s)

    def _to_start_a(self, now_s: float, calm_s: float) -> Amps | None:
        """Who starts needs room for the worst of the last minutes, and a margin where the last hour was worse."""
        minute_a = self.past.worst(now_s, MINUTE_S)
        minutes_a, hour_a = self.sure.worst(now_s, calm_s), self.sure.worst(now_s, HOUR_S)
        if minute_a is None or minutes_a is None or hour_a is None:
            return minute_a
        lines = zip(minute_a, minutes_a, hour_a, strict=True)
        return PerPhase(*(max(one, some, min(hour, some + START_A)) for one, some, hour in lines))


@dataclass(frozen=True, slots=True)
class Besides:
    """What is said about the unseen: the error of meters, and what may flow where no meter speaks."""

    margin_a: float = 0.5
    unmanaged_a: Mapping[CircuitId, Amps] = field(default_factory=dict)
    calm_s: float = 240.0  # who starts needs room for the worst of so long


class Backgrounds:
    """What flows besides the cars, circuit by circuit."""

    def __init__(self, site: Site, tree: Tree, tracks: Mapping[ChargerId, Track], besides: Besides) -> None:
        self._site = site
        self._besides = besides
        self.watches = {c.id: Watch(c) for c in site.circuits.values() if c.meter is not None}
        self._below = {id: [(in_phase(c), tracks[c.id]) for c in site.below(id)] for id in self.watches}
        self._tree = tree

    def hear(self, live: LiveMeter, now_s: float) -> bool:
        """Take note of a meter's newest sample, once; True when it was waited for, or a circuit is above its limit."""
        asks = False
        for watch in self.watches.values():
            if watch.circuit.meter == live.id and live.reading is not None and live.reading_at_s != watch.heard_s:
                at_s, good = now_s if live.reading_at_s is None else live.reading_at_s, watch.good
                waited = self._held(watch, now_s) or watch.behind(self._start_s(watch), now_s)
                if self._begins(watch, at_s, now_s):
                    watch.forget()
                asks = self._hear(watch, live.reading, at_s) or waited or asks
                asks = asks or (good >= GOOD) != (watch.good >= GOOD)
        return asks

    def _hear(self, watch: Watch, reading: MeterReading, at_s: float) -> bool:
        limit_a = watch.circuit.limit_a
        meter_a = measured(reading, self._site.voltage_v, limit_a)
        if meter_a is None:
            return False
        watch.power_w = power(reading)
        below = self._below[watch.circuit.id]
        cars = together((part, span(track, at_s)) for part, track in below)
        drawn = {t.charger.id: t.samples[-1].line_a for _, t in below if t.reachable and t.samples}
        watch.hear(meter_a, at_s, cars, drawn)
        return any(watch.alert.over)

    def stances(self, now_s: float) -> dict[ChargerId, Stance]:
        """How far reductions may go for each charger below a circuit that is above its limit, on a line of its own."""
        found: dict[ChargerId, Stance] = {}
        for id, watch in self.watches.items():
            stance = watch.alert.stance(now_s)
            if stance is not Stance.CALM and watch.fresh(now_s):
                for _, track in self._below[id]:
                    if any(watch.alert.over.of(phase) for phase in track.lines):
                        found[track.charger.id] = max(stance, found.get(track.charger.id, Stance.CALM))
        return found

    def background_a(self, circuit: CircuitId, now_s: float) -> Amps:
        """What flows besides the cars in a metered circuit now, as far as that is known."""
        return self.watches[circuit].background_a(now_s, NOW_S, self._besides.calm_s) or ZERO

    def silent(self, now_s: float) -> set[CircuitId]:
        """The metered circuits whose meter says nothing about now."""
        return {id for id, watch in self.watches.items() if watch.silent(now_s)}

    def behind(self, now_s: float) -> set[CircuitId]:
        """The metered circuits whose meter has not spoken since it is known what each charger below may draw.

        Their background is still that of a time when more was kept free for a charger, or when cars were on their way:
        nothing is raised on that.
        """
        return {id for id, watch in self.watches.items() if self._held(watch, now_s)}

    def starting(self, now_s: float) -> set[MeterId]:
        """The meters that have not spoken since the chargers below them answered after the hub's start."""
        behind = (w.circuit.meter for w in self.watches.values() if w.behind(self._start_s(w), now_s))
        return {meter for meter in behind if meter is not None}

    def _held(self, watch: Watch, now_s: float) -> bool:
        below = [track for _, track in self._below[watch.circuit.id]]
        if watch.clear:
            return watch.behind(_latest(track.known_s for track in below), now_s)
        return now_s - _latest(track.follows_s for track in below) <= SILENT_S

    def _begins(self, watch: Watch, at_s: float, now_s: float) -> bool:
        """With this sample everybody below is known for the first time, or for the first time no car is on its way."""
        below = [track for _, track in self._below[watch.circuit.id]]
        known = not any(track.awaited(now_s) or track.to_be_read(now_s) for track in below)
        follow = at_s > _latest(track.follows_s for track in below)
        if known and follow and not watch.clear and all(_is_sure(track, at_s) for track in below if track.reachable):
            watch.clear = True
            return True
        return watch.behind(self._start_s(watch), now_s)

    def _start_s(self, watch: Watch) -> float:
        return _latest(track.known_s for _, track in self._below[watch.circuit.id] if track.starts)

    def lines_a(self, now_s: float, last_s: float) -> dict[CircuitId, Amps]:
        """Amps by circuit: the worst of the last so many seconds (0: now), with the meter's margin.

        An unmetered circuit carries what is below it and what was declared for it.
        """
        found: dict[CircuitId, Amps] = {}
        for circuit in self._tree.deepest_first:
            below = _sum([found[child] for child in self._tree.children[circuit.id]])
            found[circuit.id] = self._of(circuit.id, now_s, last_s, below)
        return found

    def _of(self, id: CircuitId, now_s: float, last_s: float, below: Amps) -> Amps:
        declared = self._besides.unmanaged_a.get(id)
        watch = self.watches.get(id)
        if watch is None:
            return below if declared is None else _sum([below, declared])
        amps = watch.background_a(now_s, last_s, self._besides.calm_s)
        if watch.silent(now_s) and declared is not None:
            amps = declared if amps is None else _worse(amps, declared)
        return below if amps is None else amps.map(lambda a: a + self._besides.margin_a)


def _is_sure(track: Track, at_s: float) -> bool:
    """What it drew at that moment is known well enough."""
    drew = span(track, at_s)
    return all(high - low <= MOVES_A for low, high in zip(drew.low_a, drew.high_a, strict=True))


def _latest(moments_s: Iterable[float | None]) -> float:
    return max((s for s in moments_s if s is not None), default=-math.inf)


def _sum(all_a: list[Amps]) -> Amps:
    return PerPhase(*map(sum, zip(*all_a, strict=True))) if all_a else ZERO
