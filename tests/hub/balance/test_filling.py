"""How far chargers rise together, in drawings that a reader can fill by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hub.balance.filling import Climb, Knees
from hub.balance.network import Background, Network
from hub.model.ids import GRID, ChargerId
from hub.model.units import same_on_each
from tests.hub.balance.drawings import L1, charger, circuit, site

ROWS = site(
    [circuit("grid", 60), circuit("left", 20), circuit("right", 32)],
    [charger("a", "left"), charger("b", "left"), charger("c", "right"), charger("d", "right", (L1,))],
)


def levels(house_a: float = 0.0, most_a: float = 32.0, weights: tuple[float, ...] = (1, 1, 1, 1)) -> list[float]:
    network = Network(ROWS)
    column = np.array([network.column(ChargerId(name)) for name in "abcd"])
    climb = Climb(column, np.full(4, 6.0), np.full(4, most_a), np.array(weights, float))
    load = network.load(Background({GRID: same_on_each(house_a)}))
    load = network.plus(load, network.totals(column, climb.least))
    return list(Knees(network, climb).levels(np.ones(4, bool), load))


@pytest.mark.parametrize(
    ("house_a", "most_a", "weights", "expected"),
    [
        (0, 32, (1, 1, 1, 1), [10, 10, 15, 15]),  # the grid could bear 4 × 15 on L1; left is full at 10 before
        (20, 32, (1, 1, 1, 1), [10, 10, 10, 10]),  # 40 A are left on the grid
        (32, 32, (1, 1, 1, 1), [7, 7, 7, 7]),  # 28 A are left
        (0, 32, (1, 3, 1, 1), [14 / 3, 14 / 3, 10, 10]),  # a stays at its 6 A, b goes on until left is full
        (0, 8, (1, 1, 1, 1), [np.inf] * 4),  # nobody can have so much that a limit counts
        (36, 32, (1, 1, 1, 1), [6, 6, 6, 6]),  # just the minimums
        (40, 32, (1, 1, 1, 1), [0, 0, 0, 0]),  # less than that: nobody moves
    ],
)
def test_each_rises_to_the_first_limit_on_its_way(
    house_a: float, most_a: float, weights: tuple[float, ...], expected: list[float]
) -> None:
    assert levels(house_a, most_a, weights) == pytest.approx(expected)


def test_a_row_is_full_by_itself_whatever_the_others_do() -> None:
    """Left stops at 10; the level of right still counts left as rising with it, so that right goes on afterwards."""
    network = Network(ROWS)
    column = np.array([network.column(ChargerId(name)) for name in "abcd"])
    climb = Climb(column, np.full(4, 6.0), np.full(4, 32.0), np.ones(4))
    knees = Knees(network, climb)
    amps = np.array([10.0, 10.0, 6.0, 6.0])
    rising = np.array([False, False, True, True])
    load = network.plus(network.load(Background()), network.totals(column, amps))
    assert knees.levels(rising, load)[rising].tolist() == pytest.approx([16, 16])  # 32 A on L1 of right
