"""The meter falls silent, freezes, or leaves the network: charging goes on, and nothing is raised on old numbers."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import BAYS, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]
FOR_S = 18.0


@pytest.mark.parametrize("fault", ["silent", "offline"])
def test_without_its_meter_the_site_charges_on_and_nothing_is_raised(settled: Site, fault: str) -> None:
    site, simulator = settled, settled.simulator
    before = {bay: site.charger(bay)["held_a"] for bay in BAYS}
    began_s = time.monotonic()
    simulator.fault("main", fault, FOR_S)
    wait_until(lambda: _unknown(site), 15, "the circuit says that nobody knows what it carries")
    wait_until(lambda: _alarms(site) == ["meter_silent"], 5, "and somebody is told")
    wait_until(lambda: time.monotonic() > began_s + FOR_S, FOR_S)
    assert simulator.raised(before, began_s, began_s + FOR_S) == []
    assert not any(simulator.paused(bay, began_s) for bay in BAYS)
    wait_until(lambda: not _unknown(site) and _alarms(site) == [], 15, "the circuit is measured again")
    site.settle()
    assert simulator.longest_over_s("grid", began_s) <= 10


def test_a_frozen_meter_raises_nothing(settled: Site) -> None:
    site, simulator = settled, settled.simulator
    before = {bay: site.charger(bay)["held_a"] for bay in BAYS}
    began_s = time.monotonic()
    simulator.fault("main", "frozen", 10)
    wait_until(lambda: time.monotonic() > began_s + 10, 12)
    assert simulator.raised(before, began_s, began_s + 10) == []
    assert not any(simulator.paused(bay, began_s) for bay in BAYS)
    assert simulator.longest_over_s("grid", began_s) == 0
    site.settle()


def _alarms(site: Site) -> list[str]:
    return [alarm["code"] for alarm in site.status()["site"]["alarms"]]


def _unknown(site: Site) -> bool:
    grid = site.status()["circuits"]["grid"]
    return set(grid["current_a"].values()) == {None}
