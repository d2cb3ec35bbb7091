"""A charger takes its limits and does not follow them: what it really draws counts, and the others make room."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import BAYS, OVER_A, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]
FOR_S = 25.0


def test_others_make_room_for_one_that_does_not_obey(settled: Site) -> None:
    site, simulator = settled, settled.simulator
    drawn_a, began_s = simulator.look().drawn_a("bay-3"), time.monotonic()
    simulator.fault("bay-3", "ignore_limits", FOR_S)
    assert site.order("charger.set_limit", "charger=bay-3", "limit_a=6").returncode == 0  # it says yes, and goes on
    wait_until(lambda: time.monotonic() > began_s + FOR_S, FOR_S + 1)
    last = simulator.since(began_s, began_s + FOR_S)[-1]  # before it comes to its senses
    assert last.drawn_a("bay-3") == drawn_a > 8
    assert last.over_a("grid") <= OVER_A
    assert simulator.longest_over_s("grid", began_s) <= 10
    assert not any(simulator.paused(bay, began_s) for bay in BAYS)
    assert "after it accepted a limit" in site.log
