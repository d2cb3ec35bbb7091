"""The peer of the allocator has the allocator's own constraints: neither finds what the other forbids."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.allocation import admitted, step
from benchmarks.allocation_lp import program, solve
from hub.balance.allocate import Demand, allocate
from hub.balance.network import Background, Network
from hub.model.ids import ChargerId
from tests.hub.balance.drawings import L1, L2, between, charger, circuit, site


def test_the_largest_sum_on_one_fuse() -> None:
    network = Network(
        site([circuit("grid", 20)], [charger("a"), charger("b", phases=(L1,)), charger("c", phases=(L2,))])
    )
    demands = [Demand(ChargerId(name), most_a=16) for name in "abc"]
    amps = solve(program(network, demands, Background()))
    assert amps == pytest.approx([6, 14, 14])  # each amp of a takes one from b and one from c


@pytest.mark.parametrize("chargers", [10, 100])
def test_what_one_finds_fits_the_other(chargers: int) -> None:
    given = step(chargers)
    on = admitted(given)
    lp = program(given.network, on, given.background)
    columns = np.array([given.network.column(demand.charger) for demand in on], np.intp)
    fair = np.array([allocate(given.network, given.demands, given.background)[d.charger].limit_a for d in on])
    most = solve(lp)
    for amps in (most - 1e-7, fair):
        load = given.network.plus(given.network.load(given.background), given.network.totals(columns, amps))
        assert given.network.fits(load, columns)
        carried = np.zeros(len(lp.room))
        np.add.at(carried, lp.row, lp.factor * np.repeat(amps, np.diff(lp.start)))
        assert np.all(carried <= lp.room + 1e-6)
        assert np.all((amps >= lp.least - 1e-6) & (amps <= lp.most + 1e-6))
    assert fair.sum() <= most.sum()
    assert len(set(fair)) > chargers / 10  # the step is not an easy one


def test_what_is_not_linear_is_refused() -> None:
    network = Network(site([circuit("grid", 20)], [between("a", L1, L2)]))
    with pytest.raises(ValueError, match="linear"):
        program(network, [Demand(ChargerId("a"))], Background())
