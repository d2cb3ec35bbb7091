"""A charger takes its limits and does not follow them: what it really draws counts, and the others make room."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import BAYS, OVER_A, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]


def test_others_make_room_for_one_that_does_not_obey(settled: Site) -> None:
    site, simulator = settled, settled.simulator
    drawn_a, began_s = simulator.look().drawn_a("bay-3"), time.monotonic()
    simulator.fault("bay-3", "ignore_limits", 25)
    assert site.order("charger.set_limit", "charger=bay-3", "limit_a=6").returncode == 0  # it says yes, and goes on
    wait_until(lambda: time.monotonic() > began_s + 24, 25)
    assert simulator.look().drawn_a("bay-3") == drawn_a > 8
    assert simulator.longest_over_s("grid", began_s) <= 10
    assert simulator.look().over_a("grid") <= OVER_A
    assert not any(simulator.paused(bay, began_s) for bay in BAYS)
    assert "after it accepted a limit" in site.log
    site.order("charger.set_limit", "charger=bay-3", "limit_a=null")
    site.settle()
