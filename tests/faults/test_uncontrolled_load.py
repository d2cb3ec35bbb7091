"""Somebody switches an oven on at a full site, and then far too much: the cars make room, as many as must."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import BAYS, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]


def test_an_oven_at_a_full_site_costs_the_cars_and_not_the_fuse(settled: Site) -> None:
    simulator = settled.simulator
    began_s = time.monotonic()
    simulator.house(14, 0, 0)
    wait_until(lambda: simulator.look().truth["house_a"][0] == 18, 5, "the oven is on")
    wait_until(lambda: simulator.look().over_a("grid") <= 0, 10, "under the fuse again")
    assert simulator.longest_over_s("grid", began_s) <= 10
    assert not any(simulator.paused(bay, began_s) for bay in BAYS)  # 40 - 18 are 7 A for each of three


def test_only_the_cars_on_an_overloaded_line_pause(settled: Site) -> None:
    site, simulator = settled, settled.simulator
    began_s = time.monotonic()
    simulator.house(60, 0, 0)
    wait_until(lambda: all(simulator.look().drawn_a(bay) < 0.5 for bay in BAYS[:3]), 12, "all on L1 pause")
    wait_until(lambda: {site.charger(bay)["limit_reason"] for bay in BAYS[:3]} == {"queue"}, 5)
    wait_until(lambda: time.monotonic() > began_s + 15, 16)
    assert not simulator.paused("bay-4", began_s)  # on L2 alone
    simulator.house(0, 0, 0)
    wait_until(lambda: all(simulator.look().drawn_a(bay) > 5 for bay in BAYS), 80, "all charge again")
