"""Who has current and who waits for it, since when; and who changes places when a turn is over. Pure; time is given.

Where not all minimums fit, who has current keeps it for a turn and who waited longest comes next. Turns end by the
clock on the wall, every quarter of an hour, so that people can be told when it is theirs. Who had to stop rests a
while: cars and contactors do not like to be switched on and off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hub.balance.network import Network, Phasors, Row
from hub.model.ids import ChargerId


@dataclass(frozen=True, slots=True)
class Turns:
    """How long a turn is (0: nobody changes places), and how long a car at least charges and pauses."""

    turn_s: float = 900.0
    least_on_s: float = 300.0
    least_off_s: float = 300.0


USUAL = Turns()


@dataclass(slots=True)
class Place:
    """A car that wants current: it has its turn, or waits, since then."""

    on: bool
    since_s: float
    queued_s: float  # since when it waited before this turn
    stopped_s: float = float("-inf")  # when it last had to stop
    ran: bool = False  # it had current since then


@dataclass(frozen=True, slots=True)
class Seat:
    """What a car takes at least, for changing places."""

    charger: ChargerId
    column: int
    least_a: float
    priority: int = 0


@dataclass(slots=True)
class Queue:
    """The places of all cars that want current."""

    turns: Turns = USUAL
    places: dict[ChargerId, Place] = field(default_factory=dict)
    next_s: float | None = None  # the end of this turn

    def attend(self, wanting: Mapping[ChargerId, Place]) -> None:
        """These want current; who is new has this place, and who does not want any more loses its own."""
        self.places = {id: self.places.get(id, new) for id, new in wanting.items()}

    def key(self, id: ChargerId, new: Place) -> tuple[bool, float]:
        """The order of admission: who has its turn, then who waits; of either who has or does so longest."""
        place = self.places.get(id, new)
        return not place.on, place.since_s

    @property
    def on(self) -> set[ChargerId]:
        """Those that have their turn."""
        return {id for id, place in self.places.items() if place.on}

    def rests(self, id: ChargerId, now_s: float) -> bool:
        """It had to stop a short while ago, and does not start again yet."""
        place = self.places.get(id)
        return place is not None and not place.on and now_s - place.stopped_s < self.turns.least_off_s

    def note(self, id: ChargerId, now_s: float, *, on: bool, runs: bool) -> None:
        """What was decided. Who has to stop before it had a whole turn keeps its place in the queue."""
        place = self.places[id]
        place.ran = place.ran or runs
        if place.ran and not on:
            place.ran, place.stopped_s = False, now_s
        if place.on == on:
            return
        if not on and now_s - place.since_s >= self.turns.turn_s:
            place.queued_s = now_s
        place.on, place.since_s = on, now_s if on else place.queued_s

    def due(self, now_s: float, wall_s: float) -> bool:
        """A turn is over: once for each. A leap of the wall's clock moves the next one, and makes no second."""
        turn_s = self.turns.turn_s
        if turn_s <= 0:
            self.next_s = None
            return False
        if self.next_s is None or self.next_s - now_s > 2 * turn_s:
            self.next_s = now_s + turn_s - wall_s % turn_s
        if now_s < self.next_s:
            return False
        left_s = turn_s - wall_s % turn_s
        self.next_s = now_s + (left_s if left_s > turn_s / 2 else left_s + turn_s)
        return True

    def ends(self, before_s: float, now_s: float) -> bool:
        """A turn ends between these moments, and somebody waits."""
        waits = any(not place.on for place in self.places.values())
        return waits and self.next_s is not None and before_s < self.next_s <= now_s

    def rotate(self, network: Network, load: Phasors, seats: Mapping[ChargerId, Seat], now_s: float) -> None:
        """Change places: one car comes for each row that keeps somebody waiting. `load`: all but the cars' minimums."""
        in_turn = sorted(seats, key=lambda id: self.places[id].since_s)
        on = [seats[id] for id in in_turn if self.places[id].on]
        waiting = [seats[id] for id in in_turn if not self.places[id].on and not self.rests(id, now_s)]
        settled = {s.charger for s in on if now_s - self.places[s.charger].since_s >= self.turns.least_on_s}
        for comes, go in swaps(network, load, on, waiting, settled):
            for id in go:
                self.places[id] = Place(on=False, since_s=now_s, queued_s=now_s, stopped_s=now_s)
            place = self.places[comes]
            place.on, place.since_s = True, now_s

    def until_s(self, id: ChargerId, position: int) -> float | None:
        """When the one at this position may have its turn; None: nobody can say."""
        if self.next_s is None:
            return None
        place = self.places[id]
        return max(self.next_s + (position - 1) * self.turns.turn_s, place.stopped_s + self.turns.least_off_s)


Swap = tuple[ChargerId, Sequence[ChargerId]]


def swaps(
    network: Network, load: Phasors, on: Sequence[Seat], waiting: Sequence[Seat], may_go: set[ChargerId]
) -> Iterator[Swap]:
    """Who comes and who goes for it, one for each blocked row; both lists begin with the one that should be first."""
    for seat in on:
        load = network.plus_one(load, seat.column, seat.least_a)
    left, used = [seat for seat in on if seat.charger in may_go], set[Row]()
    for comes in waiting:
        row = network.obstacle(load, comes.column, comes.least_a)
        if row is None or row in used:
            continue
        going = _who_goes(network, load, comes, left)
        if going is None:
            continue
        used.add(row)
        for seat in going:
            left.remove(seat)
            load = network.plus_one(load, seat.column, -seat.least_a)
        load = network.plus_one(load, comes.column, comes.least_a)
        yield comes.charger, [seat.charger for seat in going]


def _who_goes(network: Network, load: Phasors, comes: Seat, left: Sequence[Seat]) -> list[Seat] | None:
    """Those who make room, none of a higher priority; None where that is not possible."""
    going: list[Seat] = []
    while (row := network.obstacle(load, comes.column, comes.least_a)) is not None:
        able = (s for s in left if s not in going and s.priority <= comes.priority and network.loads(s.column, row))
        seat = next(able, None)
        if seat is None:
            return None
        going.append(seat)
        load = network.plus_one(load, seat.column, -seat.least_a)
    return going
