"""Who is on and how much, as tables that a reader can check by hand; then the invariants on random drawings."""

import pytest

from hub.balance.allocate import Demand, allocate
from hub.balance.network import Background, Network
from hub.model.ids import GRID, ChargerId
from hub.model.site import DeltaPrimary
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import GARAGE, L1, L2, L3, between, charger, circuit, one_fuse, site


def demand(id, least=6.0, most=32.0, **more):
    return Demand(ChargerId(id), least, most, **more)


def shares(drawn, demands, lines=None, reserved=None):
    """The amps of each demand, in order."""
    background = Background(
        {} if lines is None else {GRID: PerPhase(*map(float, lines))},
        {ChargerId(id): a for id, a in (reserved or {}).items()},
    )
    found = allocate(Network(drawn), demands, background)
    return [found[d.charger].limit_a for d in demands]


def garage_of(limit_a, cars, **wish):
    """Cars in a garage under a main fuse of 63 A."""
    drawn = site([circuit("grid", 63), circuit("garage", limit_a)], [charger(f"c{i}", "garage") for i in range(cars)])
    return drawn, [demand(f"c{i}", rank=i, **wish) for i in range(cars)]


@pytest.mark.parametrize(
    ("garage_a", "cars", "grants"),
    [
        (40, 4, [10, 10, 10, 10]),  # equal shares
        (20, 4, [6.6, 6.6, 6.6, 0]),  # three minimums fit; those three share what is left, rounded down
        (5, 1, [0]),  # below 6 A nobody starts
        (100, 3, [21, 21, 21]),  # the main fuse binds
        (20, 0, []),
    ],
)
def test_garage_is_shared(garage_a, cars, grants):
    assert shares(*garage_of(garage_a, cars)) == grants


def test_scenario_01_two_then_three_cars():
    assert shares(*garage_of(32, 2)) == [16, 16]
    assert shares(*garage_of(32, 3)) == [10.6, 10.6, 10.6]


def test_scenario_02_cars_of_different_size():
    drawn, _ = garage_of(32, 2)
    assert shares(drawn, [demand("c0", most=16), demand("c1", most=10)]) == [16, 10]


@pytest.mark.parametrize(
    ("cars", "step_a", "grants"),
    [
        (3, 0.1, [11.6, 11.6, 11.6]),
        (3, 1.0, [12, 12, 11]),
        (4, 0.1, [8.7, 8.7, 8.7, 8.7]),
        (4, 1.0, [9, 9, 9, 8]),
    ],
)
def test_scenario_03_whole_amps_go_round(cars, step_a, grants):
    drawn = one_fuse(35, *(charger(f"c{i}") for i in range(4)))
    assert shares(drawn, [demand(f"c{i}", most=16, rank=i, step_a=step_a) for i in range(cars)]) == grants


def test_the_rank_says_whose_turn_the_whole_amp_is():
    drawn = one_fuse(35, *(charger(f"c{i}") for i in range(3)))
    ranks = {"c0": 3, "c1": 1, "c2": 2}
    assert shares(drawn, [demand(id, most=16, rank=rank, step_a=1.0) for id, rank in ranks.items()]) == [11, 12, 12]


def test_what_whole_amps_leave_over_is_used_by_others():
    drawn = one_fuse(35, *(charger(f"c{i}") for i in range(3)))
    demands = [demand("c0", step_a=0.1), demand("c1", step_a=1.0), demand("c2", step_a=1.0, rank=1)]
    assert shares(drawn, demands) == [12, 12, 11]
    assert shares(one_fuse(22.5, charger("c0"), charger("c1")), demands[:2]) == [11.5, 11]


def test_scenario_06_a_one_phase_car_on_the_free_line():
    drawn = one_fuse(25, charger("c0", phases=(L1,)))
    assert shares(drawn, [demand("c0", most=16)], lines=(1, 16, 16)) == [16]


def test_scenario_08_wiring_in_rotation_uses_all_lines():
    in_turn = one_fuse(20, *(charger(f"c{i}", phases=(p,)) for i, p in enumerate((L1, L2, L3))))
    same_line = one_fuse(20, *(charger(f"c{i}", phases=(L1,)) for i in range(3)))
    demands = [demand(f"c{i}", most=16) for i in range(3)]
    assert shares(in_turn, demands) == [16, 16, 16]
    assert shares(same_line, demands) == [6.6, 6.6, 6.6]


@pytest.mark.parametrize(("house_a", "carport_a"), [(0, 31), (20, 11)])
def test_scenario_12_garage_and_carport(house_a, carport_a):
    chargers = [charger(f"c{i}", "garage") for i in range(3)] + [charger("c3", "carport")]
    drawn = site([circuit("grid", 63), circuit("garage", 32), circuit("carport", 32)], chargers)
    demands = [demand(c.id, step_a=0.001) for c in chargers]  # in theory, before the wire's rounding
    got = shares(drawn, demands, lines=(house_a,) * 3)
    assert got == pytest.approx([10.666, 10.666, 10.666, carport_a], abs=0.003)


def test_scenario_13_unequal_house_and_cars_on_different_lines():
    drawn = one_fuse(25, charger("c0"), charger("c1", phases=(L1,)), charger("c2", phases=(L2,)))
    assert shares(drawn, [demand(f"c{i}") for i in range(3)], lines=(5, 3, 2)) == [10, 10, 12]


@pytest.mark.parametrize(
    ("wishes", "limit_a", "grants"),
    [
        # twice the weight, twice the share
        ([{"weight": 2.0}, {}], 30, [20, 10]),
        # but nobody who is on falls below its minimum
        ([{"weight": 9.0}, {}], 30, [24, 6]),
        # and nobody gets more than it can use
        ([{"weight": 2.0, "most": 12}, {}], 30, [12, 18]),
        # the higher class is filled first, the lower keeps its minimum
        ([{}, {"priority": 1}], 30, [6, 24]),
        ([{}, {"priority": 1, "most": 16}], 30, [14, 16]),
        # and is admitted first
        ([{"rank": 1}, {"priority": 1, "rank": 9}], 10, [0, 10]),
        # among equals the rank decides
        ([{"rank": 2}, {"rank": 1}], 10, [0, 10]),
        # a car that needs 8 A does not get 7, and another takes them
        ([{"least": 8.0}, {"rank": 1}], 7, [0, 7]),
        # a maximum below the minimum is nothing
        ([{"most": 5.9}, {}], 30, [0, 30]),
        # minimums are rounded up to what can be told, maximums down
        ([{"least": 6.01, "step_a": 1.0}, {}], 13, [7, 6]),
        ([{"most": 9.99}, {"step_a": 1.0}], 30, [9.9, 20]),
    ],
)
def test_two_cars(wishes, limit_a, grants):
    drawn = one_fuse(limit_a, charger("c0"), charger("c1"))
    assert shares(drawn, [demand(f"c{i}", **wish) for i, wish in enumerate(wishes)]) == grants


@pytest.mark.parametrize(
    ("house", "grants"),
    [
        ((0, 0, 0), [25, 25]),
        ((30, 0, 0), [0, 25]),  # L1 is over by the house alone: the car on L1 waits, the one on L2 goes on
        ((-10, -4, 0), [32, 29]),  # solar feeds in
        ((-60, 0, 0), [32, 25]),
    ],
)
def test_background(house, grants):
    drawn = one_fuse(25, charger("c0", phases=(L1,)), charger("c1", phases=(L2,)))
    assert shares(drawn, [demand("c0"), demand("c1")], lines=house) == grants


def test_a_charger_that_cannot_be_commanded_is_reserved():
    drawn = one_fuse(32, charger("c0"), charger("silent"))
    assert shares(drawn, [demand("c0")], reserved={"silent": 10}) == [22]


def test_unknown_wiring_counts_on_every_line():
    drawn = one_fuse(32, charger("c0", phases=None), charger("c1", phases=(L1,)), charger("c2", phases=(L2,)))
    assert shares(drawn, [demand("c0"), demand("c1"), demand("c2")]) == [16, 16, 16]


def test_a_car_that_loads_one_terminal_leaves_the_other_lines():
    drawn = one_fuse(32, charger("c0"), charger("c1", phases=(L2,)))
    assert shares(drawn, [demand("c0", terminals=1), demand("c1")]) == [32, 32]


def test_line_to_line_chargers_add_as_phasors():
    drawn = one_fuse(80, between("c0", L1, L2), between("c1", L3, L1))
    demands = [demand("c0", most=80, step_a=0.001), demand("c1", most=80, step_a=0.001)]
    assert shares(drawn, demands) == pytest.approx([46.188, 46.188], abs=0.002)  # 80 / sqrt 3 each, not 40


def test_a_delta_primary_binds_as_if_others_might_stop():
    # c0 on L1-L2 alone may put 2 x 20 / 4 = 10 A on primary L2, whatever the others do
    primary = DeltaPrimary(same_on_each(10.0), turns=4.0)
    drawn = site([circuit("grid", 200, primary=primary)], [between("c0", L1, L2), between("c1", L2, L3)])
    assert shares(drawn, [demand("c0")]) == [20]
    found = allocate(Network(drawn), [demand("c0"), demand("c1")])
    assert {share.row.primary for share in found.values() if share.row} == {True}
    assert [share.limit_a for share in found.values()] == [15.1, 15.1]  # |2x + x at 60 degrees| / 4 = 10


def test_a_circuit_that_is_over_stops_only_who_is_on_it():
    drawn = site([circuit("grid", 40), circuit("garage", 10)], [charger("silent", "garage"), charger("c0")])
    assert shares(drawn, [demand("c0")], reserved={"silent": 12}) == [28]


def test_each_share_names_what_binds():
    chargers = [charger("c0", "garage"), charger("c1", "garage"), charger("c2", "carport", phases=(L3,)), charger("c3")]
    drawn = site([circuit("grid", 40), circuit("garage", 20), circuit("carport", 32)], chargers)
    demands = [demand("c0", most=8), demand("c1"), demand("c2"), demand("c3", rank=1, least=23.0)]
    found = allocate(Network(drawn), demands)
    assert {id: (s.limit_a, s.row and (s.row.circuit, s.row.phase), s.queued) for id, s in found.items()} == {
        "c0": (8, None, False),  # its own maximum
        "c1": (12, (GARAGE, L1), False),  # the garage's fuse
        "c2": (20, (GRID, L3), False),  # the main fuse on its line
        "c3": (0, (GRID, L3), True),  # 23 A on top of three minimums are more than 40
    }


def test_nobody_wants_anything():
    assert allocate(Network(one_fuse(32, charger("c0"))), []) == {}
