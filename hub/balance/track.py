"""What the balancer remembers of one charger: what it may draw at worst, and what it drew at a moment. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hub.balance.lease import FALL_S, SKEW_S, Held
from hub.balance.phases import Terminals
from hub.core.state import Lines, LiveCharger
from hub.model.charger import WITH_CAR, Charger, Connection, Status
from hub.model.units import PHASES, Phase, floor_to

FOLLOW_S = 6.0  # a new limit is followed by then: 5 s for the car (IEC 61851-1), the rest for its charger
LOST_S = 5.0  # so long a charger that went silent keeps what it was told
ANSWER_S = 30.0  # so long a charger has to answer for the first time
READ_S = 5.0  # and then so long to say what it holds and gives
SLACK_A = 1.0  # a car so near to its limit follows it
OBEYS_S = 10.0  # a charger applies a set-point, and its car follows, by then (IEC 61851-1)
RETRY_S = 15.0  # a command that failed is sent again after this


class Sample(NamedTuple):
    """Measured amps on the supply lines, and the monotonic second when they were heard."""

    at_s: float
    line_a: Lines


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that the charger did not take: it may hold the old limit or this one."""

    limit_a: float
    at_s: float
    refused: bool  # it said no; else it did not answer


@dataclass(slots=True)
class Track:
    """One charger over time. `hear` brings it up to date with the live picture; everything else asks."""

    charger: Charger
    since_s: float
    live: LiveCharger | None = None
    answered_s: float | None = None  # when it was first heard
    known_s: float | None = None  # since when it can be reached, or says what it holds
    lost_s: float | None = None  # since when it cannot be reached
    last_held_a: float | None = None  # what it held when it was last heard
    arrived_s: float | None = None  # since when a car is there
    sent_a: float | None = None  # a command on its way
    told_a: float | None = None  # the last command that it confirmed
    held_when_told_a: float | None = None
    failure: Failure | None = None
    leases: bool = False  # it can hold leases, as far as it was last heard
    sent_lease: Held | None = None  # goes with the command on its way
    lease: Held | None = None  # came with the last one that it confirmed
    floor_a: float | None = None  # what it was last known to fall back to
    step_a: float = 0.1
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=16))
    terminals: Terminals = field(default_factory=Terminals)  # which of its terminals the car loads
    changed_s: float = float("-inf")  # when its limit or its status last changed
    fell_s: float = float("-inf")  # when its limit was last lowered
    fell_from_a: float = 0.0  # all that its car may have drawn then, where nobody has measured it
    _held_a: float | None = None  # as it was last noted
    _said: tuple[float | None, Status | None] = (None, None)  # what it was asked, and its status

    def hear(self, live: LiveCharger, now_s: float) -> bool:
        """Take note of the picture; True when something changed that a new decision should look at."""
        self.live = live
        stirred = self._hear_link(live, now_s)
        stirred = self._hear_leasing() or stirred
        if live.online and live.held_a is not None:
            self.known_s = now_s if self._held_a is None else self.known_s
            self.last_held_a = live.held_a
        if live.line_a is not None and (not self.samples or live.line_a is not self.samples[-1].line_a):
            self.samples.append(Sample(now_s if live.reading_at_s is None else live.reading_at_s, live.line_a))
            stirred = self._see_terminals(self.samples[-1]) or stirred
        stirred = self._note_held(live.held_a, now_s) or stirred
        said = (None if live.asked_a == live.held_a else live.asked_a, live.status)  # the same again is nothing new
        if said != self._said:
            stirred = stirred or live.status != self._said[1]
            self._said, self.changed_s = said, now_s
        if not self.has_car or not live.online:
            stirred = self.terminals.forget() or stirred
        if not self.has_car:
            self.arrived_s = None
        elif self.arrived_s is None:
            self.arrived_s = now_s
        return stirred

    def _note_held(self, held_a: float | None, now_s: float) -> bool:
        """Take note of what it holds; True when that is something else than before."""
        before_a = self._held_a
        if held_a == before_a:
            return False
        if before_a is not None and held_a is not None and held_a < before_a:
            self._fall(before_a, now_s)
        self._held_a, self.changed_s, self.failure = held_a, now_s, None
        return True

    def _fall(self, from_a: float, now_s: float) -> None:
        """Its car comes down: from anything up to the limit before, where that was too new for a measurement."""
        measured = bool(self.samples) and self.samples[-1].at_s >= self.changed_s + FOLLOW_S
        still_a = self.fell_from_a if self.falls(now_s) else 0.0
        self.fell_from_a, self.fell_s = (still_a if measured else max(still_a, from_a)), now_s

    def _see_terminals(self, sample: Sample) -> bool:
        """Learn which terminals the car loads. Unknown wiring, or one load between two lines, has nothing to learn."""
        phases = self.charger.phases
        if phases is None or len(phases) < 2 or self.charger.connection is Connection.LL:
            return False
        return self.terminals.see([sample.line_a.of(phase) for phase in phases], sample.at_s)

    def _hear_link(self, live: LiveCharger, now_s: float) -> bool:
        if live.online:
            back = self.lost_s is not None or not self.answered
            if self.lost_s is not None:
                self.lost_s, self.failure, self.last_held_a, self.lease = None, None, live.held_a, None
            self.answered_s = now_s if self.answered_s is None else self.answered_s
            self.known_s = now_s if back else self.known_s
            return back
        if live.online is None or self.lost_s is not None:
            return False
        self.lost_s = now_s
        return True

    def _hear_leasing(self) -> bool:
        """Take note of whether it can hold leases; one that can no more has been told its limit without an end."""
        before = self.leases
        if self.reachable:
            self.leases = self.lease_s is not None
            self.lease = self.lease if self.leases else None
        return before != self.leases

    @property
    def lease_s(self) -> float | None:
        """How long a lease above its floor may be; None: it can hold none."""
        live = self.live
        return None if live is None or not live.online or live.leasing is None else live.leasing.lease_s

    @property
    def answered(self) -> bool:
        """It was heard since the hub knows it."""
        return self.answered_s is not None

    @property
    def lines(self) -> Sequence[Phase]:
        """The supply lines that its car may load."""
        phases = self.charger.phases
        if phases is None or self.charger.connection is Connection.LL:
            return phases or PHASES
        return phases[: self.terminals.used]

    @property
    def reachable(self) -> bool:
        """It can be told something now."""
        return self.answered and self.lost_s is None

    @property
    def has_car(self) -> bool:
        """A car is plugged in, or the charger does not say."""
        status = None if self.live is None else self.live.status
        return self.answered and (status is None or status in WITH_CAR)

    @property
    def held_a(self) -> float | None:
        """The limit that it confirmed; of one that was lost the last one, of one that came back what it says now."""
        if self.lost_s is not None:
            return self.last_held_a
        return None if self.live is None else self.live.held_a

    def silent(self, now_s: float) -> bool:
        """It has had its time to answer, or to come back, and did not."""
        if self.lost_s is not None:
            return now_s - self.lost_s >= LOST_S
        return not self.answered and now_s - self.since_s >= ANSWER_S

    def awaited(self, now_s: float) -> bool:
        """It may still answer for the first time since the hub knows it: nothing is raised before."""
        return not self.answered and now_s - self.since_s < ANSWER_S

    def to_be_read(self, now_s: float) -> bool:
        """It has just answered for the first time and has not said yet what it holds: it is read before it is told."""
        return self.answered_s is not None and self.held_a is None and now_s - self.answered_s < READ_S

    @property
    def follows_s(self) -> float | None:
        """Since when it is known and its car follows, also what a hub told it just before it died; None: unknown."""
        return None if self.known_s is None else max(self.known_s, self.since_s + FOLLOW_S, self.fell_s + FOLLOW_S)

    @property
    def starts(self) -> bool:
        """What is known of it is from the hub's start: it answered in time, and has not been away since."""
        if self.answered_s is None or self.known_s is None:
            return False
        return self.answered_s - self.since_s < ANSWER_S and self.known_s - self.answered_s <= READ_S

    def may_hold_a(self, now_s: float) -> float:
        """The highest limit that it may hold now: confirmed, asked for, or its own fallback."""
        charger, live = self.charger, self.live
        if not self.answered or live is None:
            return charger.max_a
        failed_a = None if self.failure is None else self.failure.limit_a
        if self.silent(now_s):
            return (
                max(self._alone_a, failed_a or 0.0, self.last_held_a or 0.0) if self._may_last(now_s) else self._alone_a
            )
        ended_a = self._falls_back_to_a if self.in_doubt(now_s) else None
        asked = (a for a in (live.asked_a, self.sent_a, failed_a, ended_a) if a is not None)
        return max(charger.max_a if self.held_a is None else self.held_a, *asked, 0.0)

    @property
    def _alone_a(self) -> float:
        """What it may give after a while alone: unless declared all, for it may restart and forget."""
        declared_a = self.charger.fallback_a
        return self.charger.max_a if declared_a is None else max(declared_a, self._falls_back_to_a)

    def _may_last(self, now_s: float) -> bool:
        """The lease that it was given last may still run, or its car still follow."""
        return self.lease is not None and now_s < self.lease.until_s + SKEW_S + FALL_S

    @property
    def _falls_back_to_a(self) -> float:
        return 0.0 if self.lease is None else self.lease.floor_a

    def in_doubt(self, now_s: float) -> bool:
        """Its lease may end, and let it rise to its floor, before those of others have ended that are given now."""
        return self.lease is not None and now_s >= self.lease.doubt_s

    def wants_renewal(self, floor_a: float, now_s: float) -> bool:
        """It holds no lease and could, or one that has to be told again, or one above another floor."""
        if self.lease_s is None:
            return False
        return self.lease is None or self.lease.floor_a != floor_a or now_s >= self.lease.renew_s

    def might_draw_a(self, now_s: float) -> float:
        """The most that it may draw now: what it may hold, or above that what it was measured to draw, or still may."""
        if not self.reachable:
            return self.may_hold_a(now_s)
        return max(self.may_hold_a(now_s), self.draw_a(now_s), self.fell_from_a if self.falls(now_s) else 0.0)

    def falls(self, now_s: float) -> bool:
        """Its limit was lowered, and its car has neither had its time to follow nor been measured to have followed."""
        if now_s - self.fell_s >= FOLLOW_S or not self.may_flow(now_s):
            return False
        latest = self.samples[-1] if self.samples else None
        if latest is None or latest.at_s <= self.fell_s:
            return True
        return max((a or 0.0 for a in latest.line_a), default=0.0) > self.may_hold_a(now_s) + SLACK_A

    def draw_a(self, now_s: float) -> float:
        """What it is measured to draw now, on the line where it draws most; 0 where nothing is measured."""
        if not self.samples or not self.may_flow(now_s):
            return 0.0
        amps = max((a for a in self.samples[-1].line_a if a is not None), default=0.0)
        return min(amps, self.may_hold_a(now_s)) if self.overtaken(self.samples[-1], now_s) else amps

    def command_a(self) -> float | None:
        """The limit that it was told last: on its way, or confirmed; else what it says that it holds; None: unknown."""
        if self.sent_a is not None or self.failure is not None:
            return self.sent_a
        held_a = self.held_a
        if self.told_a is None or held_a != self.held_when_told_a:
            return held_a
        return floor_to(self.told_a, self.step_a)

    def send(self, limit_a: float, lease: Held | None = None) -> None:
        """A command goes out."""
        self.sent_a, self.sent_lease = limit_a, lease

    def confirmed(self, limit_a: float, held_a: float, now_s: float) -> None:
        """The charger took a command; what it holds tells whether it knows whole amps only."""
        self._note_held(held_a, now_s)
        self.lease, self.sent_lease = (None if self.lease_s is None else self.sent_lease), None
        self.floor_a = self.floor_a if self.lease is None else self.lease.floor_a
        self.sent_a, self.failure = None, None
        self.told_a, self.held_when_told_a = limit_a, held_a
        if held_a < limit_a - 0.05 and held_a == floor_to(limit_a, 1.0):
            self.step_a = 1.0
        elif held_a != floor_to(held_a, 1.0):
            self.step_a = 0.1

    def failed(self, limit_a: float, now_s: float, *, refused: bool) -> None:
        """The charger did not take a command: it may hold either limit, and hears it again later."""
        if self.lease is not None and self.sent_lease is not None:  # it may have the old one or the new
            floor_a = max(self.lease.floor_a, self.sent_lease.floor_a)
            until_s = max(self.lease.until_s, self.sent_lease.until_s)
            self.lease = replace(self.lease, floor_a=floor_a, until_s=until_s)
        self.sent_a = self.sent_lease = None
        highest = max(limit_a, limit_a if self.failure is None else self.failure.limit_a)
        self.failure = Failure(highest, now_s, refused)

    def may_be_told(self, now_s: float) -> bool:
        """A command may go out now: the charger is there, none is on its way, and none has failed just now."""
        return self.reachable and self.sent_a is None and not self.disobeys(now_s)

    def disobeys(self, now_s: float) -> bool:
        """It did not take the last command, and will be asked again a little later: it is let be, and its amps kept."""
        return self.sent_a is None and self.failure is not None and now_s - self.failure.at_s < RETRY_S

    def defies(self, now_s: float) -> bool:
        """It draws more than it was told, though it and its car have had their time to follow."""
        if not self.reachable or not self.samples or self.samples[-1].at_s < self.changed_s + OBEYS_S:
            return False
        return self.draw_a(now_s) > self.may_hold_a(now_s) + SLACK_A

    def knows_draw(self, since_s: float, now_s: float) -> bool:
        """Its draw was measured since then, or its status says that nothing flows."""
        return not self.may_flow(now_s) or (bool(self.samples) and self.samples[-1].at_s > since_s)

    def may_flow(self, now_s: float) -> bool:
        """Whether a current that was measured some time ago may still flow, as far as its status tells."""
        status = None if self.live is None else self.live.status
        if status in (None, Status.CHARGING):
            return True
        return status in WITH_CAR and now_s - self.changed_s < FOLLOW_S

    def overtaken(self, sample: Sample, now_s: float) -> bool:
        """Measured before the car had to follow its present limit, and that time is over now."""
        return sample.at_s < self.changed_s + FOLLOW_S <= now_s
