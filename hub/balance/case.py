"""One charger's case in a decision: what it has, what it may have, and what it should have. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hub.balance.alert import Stance
from hub.balance.allocate import Demand, Share
from hub.balance.demand import NoDemand
from hub.balance.sequence import Move
from hub.balance.track import READ_S, Track
from hub.model.grant import Limiter
from hub.model.ids import ChargerId, CircuitId
from hub.model.units import floor_to

DRAWS_A = 1.0  # a car that draws less is not charging
NOTHING = Share(0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """`ask` None: it cannot be told anything, or does not obey, and `might_a` is reserved for it.

    `worst` and `now` are its shares of what is left after the worst of the last minute, and after what flows now.
    `silent` is a circuit above it whose meter is silent, or has not spoken since a charger below it came back;
    `starting`: the hub has not heard from everybody yet. `stance`: a circuit above it is above its limit.
    """

    track: Track
    might_a: float
    ask: Demand | NoDemand | None = None
    worst: Share = NOTHING
    now: Share = NOTHING
    silent: CircuitId | None = None
    starting: bool = False
    now_s: float = 0.0
    stance: Stance = Stance.CALM
    blind_a: float | None = None  # its safe share, while a meter above it says nothing
    cap: Share | None = None  # it would keep its limit after the hub's death, and may have only so much

    @property
    def id(self) -> ChargerId:
        """The charger."""
        return self.track.charger.id

    @property
    def command_a(self) -> float | None:
        """What it was told last, as far as that is known."""
        return self.track.command_a()

    @property
    def has_a(self) -> float:
        """What its car has now: what it was told, else what it draws; where nobody knows, what it may draw."""
        if not isinstance(self.ask, Demand):
            return 0.0
        told_a, least_a = self.command_a, self.ask.least_a
        if told_a is None:
            told_a = self.draw_a
            if told_a is None:
                return self.might_a
            return 0.0 if told_a < DRAWS_A else max(least_a, floor_to(told_a, self.ask.step_a))
        return 0.0 if told_a < least_a else told_a

    @property
    def draw_a(self) -> float | None:
        """What its car draws; None where that was not measured."""
        return self.track.draw_a(self.now_s) if self.track.knows_draw(float("-inf"), self.now_s) else None

    @property
    def held_back(self) -> Limiter | None:
        """What forbids to raise it now."""
        if self.starting:
            return Limiter.STARTING
        return None if self.silent is None else Limiter.METER

    @property
    def target_a(self) -> float:
        """What it should have: not more than fits now, and more than it has only as far as that fits the worst too."""
        if not isinstance(self.ask, Demand):
            return 0.0
        highest_a = self.now.limit_a
        if self.command_a is None and highest_a > self.might_a:  # the first word is never a raise
            highest_a = self.might_a if self.might_a >= self.ask.least_a else 0.0
        lowest_a = min(self.worst.limit_a, highest_a)
        wanted_a = max(lowest_a, min(self.has_a, highest_a))
        if self.stance in (Stance.WAITS, Stance.LOWERS) and self.has_a >= self.ask.least_a:
            wanted_a = max(wanted_a, self.ask.least_a)  # nobody is stopped for a moment's excess
        if self.blind_a is not None:
            wanted_a = min(wanted_a, self.blind_a)
        return min(wanted_a, self.has_a) if self.held_back or self.stance is not Stance.CALM else wanted_a

    def move(self) -> Move:
        """Its way from what it has to what it should have."""
        charger, ask = self.track.charger, self.ask
        demand = ask if isinstance(ask, Demand) else Demand(charger.id, charger.min_a, charger.max_a)
        return Move(
            charger.id,
            target_a=self.target_a,
            command_a=self.command_a,
            might_a=self.might_a,
            least_a=demand.least_a,
            most_a=floor_to(demand.most_a, demand.step_a),
            step_a=demand.step_a,
            priority=demand.priority,
            ready=self.track.may_be_told(self.now_s) and not self._reads_first,
            terminals=self.track.terminals.used,
        )

    @property
    def _reads_first(self) -> bool:
        """Just after the start, a car that charges is let be while nobody knows what it was told: read first."""
        if not (self.starting and self.command_a is None and isinstance(self.ask, Demand)):
            return False
        if self.draw_a is None:
            return self.now_s - (self.track.answered_s or self.now_s) < READ_S
        return self.draw_a >= DRAWS_A and self.target_a >= self.draw_a
