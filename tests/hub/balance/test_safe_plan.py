"""The safe plan, as tables that a reader can check by hand, and its sum on random drawings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.balance.metered import Watch
from hub.balance.network import Network
from hub.balance.safe_plan import Planner, safe_plan, worst_case
from hub.balance.tree import Tree
from hub.model.ids import GRID, ChargerId
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import CARPORT, GARAGE, L1, L2, L3, charger, circuit, one_fuse, site, worst_currents
from tests.hub.balance.test_allocate_properties import drawings

NOTHING = {GRID: same_on_each(0.0)}


def plan_of(drawn, unmanaged_a=0.0):
    """The shares in order, and who was left out."""
    flows = unmanaged_a if isinstance(unmanaged_a, dict) else {GRID: same_on_each(float(unmanaged_a))}
    plan = safe_plan(Network(drawn), drawn.chargers.values(), flows)
    return [plan.share_a(id) for id in drawn.chargers], list(plan.left_out)


@pytest.mark.parametrize(
    ("limit_a", "unmanaged_a", "shares", "left_out"),
    [
        (63, 0, [15.7, 15.7, 15.7, 15.7], []),
        (63, 20, [10.7, 10.7, 10.7, 10.7], []),
        (24, 0, [6, 6, 6, 6], []),
        (20, 0, [6.6, 6.6, 6.6, 0], ["c3"]),  # "6 A each" would be 24 A
        (20, 9, [11, 0, 0, 0], ["c1", "c2", "c3"]),
        (20, 25, [0, 0, 0, 0], ["c0", "c1", "c2", "c3"]),  # the house alone is too much
    ],
)
def test_four_chargers_on_one_fuse(limit_a, unmanaged_a, shares, left_out):
    drawn = one_fuse(limit_a, *(charger(f"c{i}") for i in range(4)))
    assert plan_of(drawn, unmanaged_a) == (shares, left_out)


def test_each_line_is_its_own():
    drawn = one_fuse(20, charger("a", phases=[L1]), charger("b", phases=[L2]), charger("c", phases=[L3]))
    assert plan_of(drawn, {GRID: PerPhase(14.0, 0.0, 5.0)}) == ([6, 20, 15], [])


def test_a_garage_under_the_main_fuse():
    chargers = [charger("g0", "garage"), charger("g1", "garage"), charger("p0", "carport")]
    drawn = site([circuit("grid", 63), circuit("garage", 20), circuit("carport", 32)], chargers)
    assert plan_of(drawn, {GRID: same_on_each(10.0), GARAGE: same_on_each(4.0)}) == ([8, 8, 32], [])
    assert plan_of(drawn, {GRID: same_on_each(40.0), CARPORT: same_on_each(0.0)}) == ([7.6, 7.6, 7.6], [])


def test_priority_then_the_order_of_the_drawing():
    drawn = one_fuse(13, charger("a"), charger("b", priority=1), charger("c"))
    assert plan_of(drawn) == ([6, 7, 0], ["c"])


def test_weight_and_what_the_owner_declared():
    drawn = one_fuse(
        30, charger("a", weight=2.0), charger("b"), charger("c", fallback_a=6.0), charger("d", fallback_a=0.0)
    )
    assert plan_of(drawn) == ([16, 8, 6, 0], [])


@given(st.booleans().flatmap(drawings))
@settings(max_examples=80)
def test_the_sum_fits_every_circuit_on_every_line(drawn):
    amps = {
        c.id: safe_plan(Network(drawn), drawn.chargers.values(), NOTHING).share_a(c.id) for c in drawn.chargers.values()
    }
    for worst_a, limit_a, _ in worst_currents(drawn, amps, NOTHING).values():
        assert worst_a <= limit_a + 1e-3
    assert all(a == 0 or a >= drawn.chargers[id].min_a for id, a in amps.items())


# the worst case


def test_declared_else_seen_else_what_is_below():
    drawn = site([circuit("grid", 63, meter="m"), circuit("garage", 32, meter="g"), circuit("carport", 32)], [])
    tree, watches = Tree.of(drawn), {id: Watch(drawn.circuits[id]) for id in (GRID, GARAGE)}
    assert worst_case(tree, watches, {}, 0.0) == {id: same_on_each(0.0) for id in drawn.circuits}
    watches[GARAGE].sure.add(PerPhase(3.4, -4.0, 0.1), 10.0)
    garage = PerPhase(4.0, 0.0, 0.0)
    assert worst_case(tree, watches, {}, 20.0)[GARAGE] == garage
    assert worst_case(tree, watches, {}, 20.0)[GRID] == garage
    watches[GRID].sure.add(same_on_each(9.5), 10.0)
    assert worst_case(tree, watches, {}, 20.0)[GRID] == same_on_each(10.0)
    assert worst_case(tree, watches, {}, 20.0 + 3700)[GRID] == same_on_each(0.0)  # forgotten after an hour
    declared = {GRID: same_on_each(25.0)}
    assert worst_case(tree, watches, declared, 20.0)[GRID] == same_on_each(25.0)


def test_a_worse_case_makes_a_new_plan_at_once_and_a_better_one_after_an_hour():
    drawn = one_fuse(40, charger("a"), charger("b"))
    network, chargers, planner = Network(drawn), drawn.chargers.values(), Planner()

    def share_a(unmanaged_a, now_s, alone=()):
        plan = planner.look(network, chargers, {GRID: same_on_each(float(unmanaged_a))}, alone, now_s)
        return plan.share_a(ChargerId("a"))

    assert [share_a(0, 0.0), share_a(10, 5.0), share_a(4, 10.0), share_a(4, 3604.0)] == [20, 15, 15, 15]
    assert share_a(4, 3605.0) == 18
    assert share_a(6, 3606.0) == 17


def test_who_cannot_be_told_less_than_its_own_fallback_has_it():
    drawn = one_fuse(40, charger("a"), charger("b", fallback_a=24.0))
    plan = safe_plan(Network(drawn), drawn.chargers.values(), NOTHING, {ChargerId("b")})
    assert [plan.share_a(id) for id in drawn.chargers] == [16, 24]
    assert plan_of(drawn) == ([20, 20], [])
