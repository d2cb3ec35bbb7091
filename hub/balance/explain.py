"""Why a charger has what it has: the limit that binds, typed, and a sentence for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hub.balance.allocate import Demand, Shares
from hub.balance.case import Case
from hub.balance.demand import NoDemand
from hub.balance.memory import Memory
from hub.balance.network import Phasors, Row
from hub.balance.sequence import DEAD_A
from hub.balance.track import Failure
from hub.model.charger import Charger
from hub.model.grant import Grant, Limiter
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId
from hub.model.site import Site

PAUSED = "paused by request"
NO_CAR = "no car"
OUT_OF_ORDER = "out of order"
OTHERS_FIRST = "others must slow down first"
RESTS = "waits: it had to stop a short while ago"


class Explainer:
    """Turns the cases of one decision into grants. `load` is what every row carries when all draw their share."""

    def __init__(self, memory: Memory, waits_for: Sequence[ChargerId | MeterId], load: Phasors, shares: Shares) -> None:
        self._memory = memory
        self._site = memory.site
        self._waits_for = waits_for
        self._load = load
        self._highest_a = _highest_by_row(shares)

    def grant(self, case: Case, told_a: float | None) -> Grant:
        """The charger's grant, when `told_a` is what it is told now (None: it keeps what it has)."""
        limit_a = case.command_a if told_a is None else told_a
        limiter, text, row = self._why(case, limit_a)
        return Grant(
            charger=case.id,
            limit_a=case.might_a if limit_a is None or case.ask is None else limit_a,
            limiter=limiter,
            text=text,
            circuit=None if row is None else row.circuit,
            phase=None if row is None else row.phase,
            safe_a=self._memory.plan.share_a(case.id),
        )

    def _why(self, case: Case, limit_a: float | None) -> tuple[Limiter, str, Row | None]:
        if case.ask is None:
            return *self._reserved(case), None
        if isinstance(case.ask, NoDemand):
            return case.ask.limiter, self._nothing(case, case.ask), None
        if case.held_back is not None and case.worst.limit_a > case.target_a + DEAD_A:
            return case.held_back, self._held_back(case), None
        if limit_a is not None and limit_a < case.target_a - DEAD_A:
            return Limiter.WAITING_FOR_OTHERS, OTHERS_FIRST, None
        return self._share(case, case.ask, case.target_a if limit_a is None else limit_a)

    def _reserved(self, case: Case) -> tuple[Limiter, str]:
        failure = case.track.failure
        if not case.track.reachable or failure is None:
            if not case.track.answered and case.starting:
                return Limiter.STARTING, waiting_to_hear(self._site, self._waits_for)
            return Limiter.UNREACHABLE, unreachable(case.might_a)
        return (Limiter.CHARGER if failure.refused else Limiter.UNREACHABLE), disobeys(failure, case.might_a)

    def _nothing(self, case: Case, ask: NoDemand) -> str:
        if ask.limiter is Limiter.REQUEST:
            return request_too_low(self._memory.wishes[case.id].limit_a or 0.0, case.track.charger)
        return {Limiter.PAUSED: PAUSED, Limiter.NO_CAR: NO_CAR}.get(ask.limiter, OUT_OF_ORDER)

    def _held_back(self, case: Case) -> str:
        if case.silent is None or case.starting:
            return waiting_to_hear(self._site, self._waits_for)
        silent = self._memory.backgrounds.watches[case.silent].silent(case.now_s)
        if silent and case.target_a == case.blind_a:
            return safe_share(self._site, case.silent, case.target_a)
        return (meter_silent if silent else meter_behind)(self._site, case.silent)

    def _share(self, case: Case, ask: Demand, limit_a: float) -> tuple[Limiter, str, Row | None]:
        left_a = self._memory.network.room(self._load, self._memory.network.column(case.id, ask.terminals))
        row = self._binds_after_death(case, ask)
        if row is not None and case.target_a == 0 and left_a > ask.least_a:
            return Limiter.SAFE_PLAN, shut_out(self._site, row, ask.least_a), row
        if row is not None and case.target_a > 0 and (left_a > DEAD_A or self._others_have_more(case, ask)):
            return Limiter.SAFE_PLAN, keeps_it(self._site, row, limit_a), row
        share = case.now if case.now.limit_a <= case.worst.limit_a and case.now.row is not None else case.worst
        row = share.row or row
        if row is None:
            return (Limiter.QUEUE, RESTS, None) if share.queued else (*self._own(case, ask), None)
        if case.target_a == 0:
            return Limiter.QUEUE, waits(self._site, row, ask.least_a, left_a), row
        return Limiter.CIRCUIT, full(self._site, row, limit_a), row

    def _others_have_more(self, case: Case, ask: Demand) -> bool:
        """Others on its fuses, whom these stop, have clearly more than it: they are not what keeps it from more."""
        column, more_a = self._memory.network.column(case.id, ask.terminals), case.target_a + DEAD_A
        return any(a > more_a and self._memory.network.loads(column, row) for row, a in self._highest_a.items())

    def _binds_after_death(self, case: Case, ask: Demand) -> Row | None:
        """The row that keeps it from more because it would keep its limit; None where it is something else."""
        cap = case.cap
        return cap.row if cap is not None and cap.limit_a in {0.0, ask.most_a} else None

    def _own(self, case: Case, ask: Demand) -> tuple[Limiter, str]:
        reuse, wish = self._memory.reuse[case.id], self._memory.wishes.get(case.id)
        if reuse.most_a is not None and ask.most_a < case.track.charger.max_a and ask.most_a <= reuse.most_a:
            return Limiter.CHARGER, takes_no_more(ask.most_a, case.draw_a or 0.0)
        if wish is not None and wish.limit_a is not None and wish.limit_a < case.track.charger.max_a:
            return Limiter.REQUEST, limited_by_request(wish.limit_a)
        return Limiter.CHARGER, own_maximum(ask.most_a)


def _highest_by_row(shares: Shares) -> dict[Row, float]:
    """The largest share that each row stops."""
    highest_a: dict[Row, float] = {}
    for share in shares.values():
        if share.row is not None:
            highest_a[share.row] = max(share.limit_a, highest_a.get(share.row, 0.0))
    return highest_a


def amps(value_a: float) -> str:
    """`16 A`, `6.6 A`: one decimal at most, rounded down as limits are."""
    return f"{int(value_a * 10 + 1e-6) / 10:g} A"


def circuit_name(site: Site, circuit: CircuitId) -> str:
    """What people call it: "Garage circuit", "grid connection"."""
    name = site.circuits[circuit].name or circuit
    if circuit == GRID:
        return site.circuits[circuit].name or "grid connection"
    return name if "circuit" in name.lower() else f"{name} circuit"


def full(site: Site, row: Row, limit_a: float) -> str:
    """A fuse binds."""
    side = " (transformer's primary side)" if row.primary else ""
    return f"{amps(limit_a)} because {circuit_name(site, row.circuit)} {row.phase}{side} is full ({amps(row.limit_a)})"


def waits(site: Site, row: Row, least_a: float, left_a: float) -> str:
    """Not even the minimum fits."""
    return f"waits: {amps(least_a)} needed, {amps(left_a)} left on {circuit_name(site, row.circuit)} {row.phase}"


def numbered(text: str, position: int) -> str:
    """Where it stands in the queue."""
    return f"{text}; number {position} in the queue"


def keeps_it(site: Site, row: Row, limit_a: float) -> str:
    """It holds no lease, and a fuse would bind after the hub's death."""
    where = f"{circuit_name(site, row.circuit)} {row.phase}"
    return (
        f"{amps(limit_a)} because it keeps its limit if the hub stops, and {where} would be full ({amps(row.limit_a)})"
    )


def shut_out(site: Site, row: Row, least_a: float) -> str:
    """It holds no lease, and not even its minimum would fit after the hub's death."""
    where = f"{circuit_name(site, row.circuit)} {row.phase}"
    return f"waits: it keeps its limit if the hub stops, and {amps(least_a)} would be too much for {where}"


def own_maximum(most_a: float) -> str:
    """The charger's own maximum binds."""
    return f"own maximum {amps(most_a)}"


def takes_no_more(most_a: float, draw_a: float) -> str:
    """The car has long drawn less than it was offered."""
    return f"{amps(most_a)} because the car draws only {amps(draw_a)}"


def limited_by_request(limit_a: float) -> str:
    """Somebody asked for less."""
    return f"limited to {amps(limit_a)} by request"


def request_too_low(limit_a: float, charger: Charger) -> str:
    """Somebody asked for less than a car can use."""
    if limit_a == 0:
        return "limited to 0 A by request"
    return f"0 A: limited to {amps(limit_a)} by request, and a car needs {amps(charger.min_a)}"


def waiting_to_hear(site: Site, ids: Sequence[ChargerId | MeterId]) -> str:
    """The hub has just started: all chargers speak, then all meters."""
    if len(ids) > 1:
        return f"waiting to hear from {len(ids)} {'meters' if ids[0] in site.meters else 'chargers'}"
    return f"waiting to hear from {ids[0] if ids[0] in site.chargers else meter_name(site, MeterId(ids[0]))}"


def meter_silent(site: Site, circuit: CircuitId) -> str:
    """Nothing is raised while a meter says nothing."""
    return f"{meter_name(site, site.circuits[circuit].meter)} is silent: nothing is raised"


def safe_share(site: Site, circuit: CircuitId, limit_a: float) -> str:
    """After ten seconds without its meter a charger has its safe share at most."""
    meter = meter_name(site, site.circuits[circuit].meter)
    return f"{amps(limit_a)}, its safe share, while {meter} is silent" if limit_a else f"waits: {meter} is silent"


def meter_behind(site: Site, circuit: CircuitId) -> str:
    """A charger came back, and the meter has not spoken since."""
    return f"waiting to hear from {meter_name(site, site.circuits[circuit].meter)}"


def meter_name(site: Site, meter: MeterId | None) -> str:
    """What people call it: "Main meter", "meter main"."""
    drawn = None if meter is None else site.meters.get(meter)
    return (drawn.name if drawn else "") or f"meter {meter}"


def unreachable(reserved_a: float) -> str:
    """It does not answer."""
    return f"does not answer; {amps(reserved_a)} are kept free for it"


def disobeys(failure: Failure, reserved_a: float) -> str:
    """It did not take a command."""
    how = "refused" if failure.refused else "did not confirm"
    return f"{how} {amps(failure.limit_a)}; {amps(reserved_a)} are kept free for it, and it is asked again"
