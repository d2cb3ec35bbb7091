"""What holds for every drawing: never over a limit, never below a minimum, fair, by priority, always the same."""

import math
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.balance.allocate import Demand, Shares, allocate
from hub.balance.network import Background, Network
from hub.model.charger import Charger
from hub.model.ids import ChargerId, CircuitId
from hub.model.site import DeltaPrimary, Site
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import L1, L2, L3, between, charger, circuit, site, worst_currents

WIRINGS = [(L1,), (L2,), (L3,), (L1, L2), (L3, L1), (L1, L2, L3), (L3, L1, L2), None]
PAIRS = [(L1, L2), (L2, L3), (L3, L1), (L2, L1)]


@dataclass(frozen=True)
class Case:
    """A drawing, what is wanted on it, and what flows besides."""

    drawn: Site
    demands: tuple[Demand, ...]
    background: Background

    def shares(self) -> Shares:
        return allocate(Network(self.drawn), self.demands, self.background)

    def worst(self, amps: dict[ChargerId, float]) -> dict[str, tuple[float, float, float]]:
        cars = {d.charger: d.terminals for d in self.demands if d.terminals is not None}
        return worst_currents(self.drawn, {**self.background.reserved_a, **amps}, self.background.lines_a, cars)

    def too_much(self, amps: dict[ChargerId, float]) -> list[str]:
        """Rows above their limit and above what flows there besides these amps."""
        besides = {row: max(worst, alone) for row, (worst, _, alone) in self.worst({}).items()}
        found = self.worst(amps).items()
        return [row for row, (worst, limit, _) in found if worst > max(limit, besides[row]) + 2e-6]


@st.composite
def drawings(draw: st.DrawFn, line_to_line: bool) -> Site:
    primary = DeltaPrimary(same_on_each(draw(st.floats(8, 60))), draw(st.sampled_from([1.0, 2.0, 4.0])))
    circuits = [circuit("grid", draw(st.floats(10, 120)), primary=primary if line_to_line else None)]
    for n in range(draw(st.integers(0, 4))):
        limits = PerPhase(*(draw(st.one_of(st.floats(5, 63), st.just(math.inf))) for _ in range(3)))
        circuits.append(circuit(f"k{n}", limits, draw(st.sampled_from([c.id for c in circuits]))))
    chargers: list[Charger] = []
    for n in range(draw(st.integers(1, 7))):
        at = draw(st.sampled_from([c.id for c in circuits]))
        if line_to_line and draw(st.booleans()):
            chargers.append(between(f"c{n}", *draw(st.sampled_from(PAIRS)), circuit=at))
        else:
            chargers.append(charger(f"c{n}", at, draw(st.sampled_from(WIRINGS))))
    return site(circuits, chargers)


@st.composite
def cases(draw: st.DrawFn, steps: tuple[float, ...] = (0.1, 1.0), least_background: float = -30) -> Case:
    drawn = draw(drawings(draw(st.booleans())))
    house = PerPhase(*(draw(st.floats(least_background, 25)) for _ in range(3)))
    silent = {id: draw(st.floats(0, 12)) for id in drawn.chargers if draw(st.integers(0, 5)) == 0}
    demands = [
        Demand(
            id,
            least_a=draw(st.sampled_from([6.0, 8.0, 6.5])),
            most_a=draw(st.floats(5, 40)),
            weight=draw(st.sampled_from([1.0, 1.0, 2.0, 0.5])),
            priority=draw(st.sampled_from([0, 0, 1])),
            rank=draw(st.integers(0, 3)),
            step_a=draw(st.sampled_from(steps)),
            terminals=draw(st.sampled_from([None, None, 1, len(c.phases)])) if c.phases else None,
        )
        for id, c in drawn.chargers.items()
        if id not in silent
    ]
    return Case(drawn, tuple(demands), Background({CircuitId("grid"): house}, silent))


@given(cases())
@settings(max_examples=300, deadline=None)
def test_never_over_a_limit_even_if_some_draw_less(case: Case) -> None:
    assert case.too_much({id: share.limit_a for id, share in case.shares().items()}) == []


@given(cases())
@settings(max_examples=200, deadline=None)
def test_nothing_or_between_least_and_most_in_steps(case: Case) -> None:
    for demand in case.demands:
        a = case.shares()[demand.charger].limit_a
        assert a == 0 or demand.least_a <= a <= demand.most_a + 1e-6
        assert abs(a / demand.step_a - round(a / demand.step_a)) < 1e-6


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_asking_changes_nothing(case: Case, random) -> None:
    shuffled = list(case.demands)
    random.shuffle(shuffled)
    assert replace(case, demands=tuple(shuffled)).shares() == case.shares()


@given(cases(steps=(1e-4,), least_background=0))
@settings(max_examples=300, deadline=None)
def test_weighted_max_min(case: Case) -> None:
    """Nobody can have noticeably more, even if all who have more for their weight, or less priority, step back."""
    shares = case.shares()
    for i in case.demands:
        share = shares[i.charger]
        if share.limit_a > 0 and share.limit_a < i.most_a - 0.1:
            amps = {d.charger: stepped_back(d, shares[d.charger].limit_a, i, share.limit_a) for d in case.demands}
            assert case.too_much({**amps, i.charger: share.limit_a + 0.1})


def stepped_back(other: Demand, has: float, i: Demand, i_has: float) -> float:
    """What another keeps while `i` tries to have more: its minimum, or as much for its weight as `i` has."""
    if has == 0 or other is i or other.priority > i.priority:
        return has
    least = math.ceil(other.least_a * 1e4) / 1e4
    return least if other.priority < i.priority else max(least, min(has, i_has / i.weight * other.weight))


@given(cases(least_background=0))
@settings(max_examples=200, deadline=None)
def test_who_waits_could_not_be_admitted_after_those_before_it(case: Case) -> None:
    shares = case.shares()
    leasts = {d.charger: math.ceil(d.least_a / d.step_a - 1e-6) * d.step_a for d in case.demands}
    for i in case.demands:
        if shares[i.charger].limit_a == 0 and i.most_a >= leasts[i.charger]:
            assert shares[i.charger].queued
            before = {
                d.charger: leasts[d.charger]
                for d in case.demands
                if shares[d.charger].limit_a > 0 and (-d.priority, d.rank, d.charger) < (-i.priority, i.rank, i.charger)
            }
            assert case.too_much({**before, i.charger: leasts[i.charger]})


@given(cases())
@settings(max_examples=100, deadline=None)
def test_what_binds_is_full(case: Case) -> None:
    """The row that a share names has no room for noticeably more of it, rounding of those on it aside."""
    shares = case.shares()
    rounding = sum(d.step_a for d in case.demands) * 3
    worst = case.worst({id: share.limit_a for id, share in shares.items()})
    for share in shares.values():
        if share.row is not None and not share.queued:
            current, limit, _ = worst[f"{share.row.circuit} {share.row.phase}{' primary' if share.row.primary else ''}"]
            assert current > limit - rounding - 0.1
