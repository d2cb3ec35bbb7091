"""Rows, columns and phasors by hand: what a line and a transformer's primary carry in the worst case."""

import math

import numpy as np
import pytest

from hub.balance.network import Background, Network, Row
from hub.model.ids import GRID, ChargerId
from hub.model.site import DeltaPrimary
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import (
    GARAGE,
    L1,
    L2,
    L3,
    between,
    charger,
    circuit,
    one_fuse,
    site,
)

DELTA = DeltaPrimary(same_on_each(100.0), turns=2.0)


def worst(network: Network, amps: dict[str, float], background: Background | None = None) -> dict[str, float]:
    """Amps by row when the chargers may draw these."""
    columns = np.array([network.column(ChargerId(id)) for id in amps], np.intp)
    load = network.plus(
        network.load(background or Background()), network.totals(columns, np.array(list(amps.values())))
    )
    over = network.excess(load)
    return {
        f"{row.phase}{' primary' if row.primary else ''}": round(row.limit_a + over[i], 2)
        for i, row in enumerate(network.rows)
        if row.circuit == GRID
    }


@pytest.mark.parametrize(
    ("chargers", "amps", "lines"),
    [
        ([charger("a")], {"a": 10}, (10, 10, 10)),
        ([charger("a", phases=(L1,)), charger("b", phases=(L2,))], {"a": 10, "b": 7}, (10, 7, 0)),
        ([charger("a", phases=(L2, L3, L1)), charger("b")], {"a": 10, "b": 7}, (17, 17, 17)),
        ([charger("a", phases=None)], {"a": 10}, (10, 10, 10)),  # unknown wiring: on each line
        ([between("a", L1, L2)], {"a": 10}, (10, 10, 0)),  # line to line: both of its lines
        ([between("a", L1, L2), between("b", L2, L3)], {"a": 10, "b": 10}, (10, 17.32, 10)),  # 60 degrees apart
        ([between("a", L1, L2), charger("b", phases=(L1,))], {"a": 10, "b": 10}, (19.32, 10, 0)),  # 30 degrees apart
    ],
)
def test_lines(chargers, amps, lines):
    assert tuple(worst(Network(one_fuse(100, *chargers)), amps).values()) == lines


@pytest.mark.parametrize(
    ("chargers", "amps", "primary"),
    [
        # three-phase: line over turns times sqrt 3
        ([charger("a")], {"a": 10}, (8.66, 8.66, 8.66)),
        # one phase: the two primary lines that its winding is between
        ([charger("a", phases=(L1,))], {"a": 10}, (5, 5, 0)),
        # between two lines: twice over on the line that both windings share
        ([between("a", L1, L2)], {"a": 10}, (5, 10, 5)),
        # balanced line-to-line load: three times one of them
        ([between("a", L1, L2), between("b", L2, L3), between("c", L3, L1)], {"a": 10, "b": 10, "c": 10}, (15, 15, 15)),
        # a at L1-L2 and c at L2-L3 partly cancel on primary L1 (120 degrees apart: 5 A); if one draws less, still 5
        ([between("a", L1, L2), between("b", L2, L3)], {"a": 10, "b": 10}, (5, 13.23, 13.23)),
        # unequal: together 4.36 A, but if b draws nothing a alone makes 5
        ([between("a", L1, L2), between("b", L2, L3)], {"a": 10, "b": 2}, (5, 10.54, 6.24)),
    ],
)
def test_delta_primary_is_at_its_worst_when_some_draw_less(chargers, amps, primary):
    drawn = site([circuit("grid", math.inf, primary=DELTA)], chargers)
    assert tuple(worst(Network(drawn), amps).values()) == pytest.approx(primary, abs=0.005)


def test_a_child_loads_its_parents_and_the_nearest_fuse_comes_first():
    network = Network(site([circuit("grid", 63), circuit("garage", 32)], [charger("a", "garage")]))
    assert [row.circuit for row in network.rows] == [GARAGE] * 3 + [GRID] * 3
    assert worst(network, {"a": 10}) == {"L1": 10, "L2": 10, "L3": 10}


def test_a_line_without_a_limit_has_no_row():
    network = Network(one_fuse(PerPhase(25.0, math.inf, math.inf), charger("a")))
    assert [(row.phase, row.limit_a) for row in network.rows] == [(L1, 25)]


def test_background_and_reserved_chargers_load_the_rows():
    network = Network(one_fuse(32, charger("a"), charger("silent", phases=(L3,))))
    background = Background({GRID: PerPhase(5.0, 0.0, -3.0)}, {ChargerId("silent"): 16.0})
    assert worst(network, {"a": 10}, background) == {"L1": 15, "L2": 10, "L3": 23}


def test_solar_makes_room_up_to_the_limit_and_back():
    network = Network(one_fuse(25, charger("a", phases=(L1,))))
    column = network.column(ChargerId("a"))
    assert network.room(network.load(Background({GRID: PerPhase(-10.0, 0, 0)})), column) == pytest.approx(35)
    assert network.room(network.load(Background({GRID: PerPhase(-40.0, 0, 0)})), column) == pytest.approx(50)


def test_room_is_what_fits_and_nothing_when_the_row_is_over():
    network = Network(one_fuse(25, charger("a", phases=(L1,)), charger("b", phases=(L2,))))
    load = network.load(Background({GRID: PerPhase(26.0, 5.0, 0.0)}))
    assert network.room(load, network.column(ChargerId("a"))) == 0
    assert network.room(load, network.column(ChargerId("b"))) == pytest.approx(20)


def test_the_obstacle_is_the_row_that_is_over_most():
    network = Network(site([circuit("grid", 20), circuit("garage", 10)], [charger("a", "garage")]))
    load = network.load(Background({GRID: PerPhase(0.0, 16.0, 0.0)}))
    column = network.column(ChargerId("a"))
    assert network.obstacle(load, column, 4) is None
    assert network.obstacle(load, column, 6) == Row(GRID, L2, 20)
    assert network.obstacle(load, column, 15) == Row(GRID, L2, 20)


def test_chargers_on_the_same_lines_are_one_column_and_a_car_may_load_fewer():
    drawn = one_fuse(32, charger("a"), charger("b", phases=(L2, L3, L1)), charger("c", phases=(L2,)))
    network = Network(drawn)
    assert network.column(ChargerId("a")) == network.column(ChargerId("b"))
    assert network.column(ChargerId("b"), terminals=1) == network.column(ChargerId("c"))
    assert network.column(ChargerId("a"), terminals=3) == network.column(ChargerId("a"))


def test_line_to_line_without_a_known_pair_counts_on_every_pair():
    unknown = charger("a", phases=None, connection=between("x", L1, L2).connection)
    amps = worst(Network(one_fuse(100, unknown)), {"a": 10})
    assert all(10 <= a < 20 for a in amps.values())


def test_a_site_without_chargers_is_fine():
    network = Network(one_fuse(32))
    assert network.excess(network.load(Background())).tolist() == [-32, -32, -32]
