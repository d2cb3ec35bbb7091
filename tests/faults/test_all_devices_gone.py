"""A switch fails and every device is gone at once, then all are back at other addresses."""

from __future__ import annotations

import re
import time

import pytest

from tests.faults.site import BAYS, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]
DEVICES = 5


def test_devices_that_come_back_elsewhere_are_driven_again(settled: Site) -> None:
    site = settled
    said, memory_mb, began_s = len(site.log), site.rss_mb, time.monotonic()
    site.simulator.end(kill=True)
    wait_until(lambda: _gone(site), 20, "all are gone")
    wait_until(lambda: time.monotonic() > began_s + 15, 16)
    lines = [line for line in site.log[said:].splitlines() if "WARNING" in line]
    assert len([line for line in lines if re.search(r"not answer|closed|gone", line)]) <= DEVICES, lines
    assert len(lines) <= DEVICES + 2, lines
    site.restart_simulator()
    back_s = time.monotonic()
    wait_until(lambda: all(site.charger(bay)["held_a"] is not None for bay in BAYS), 30, "found where they are now")
    site.settle()
    assert site.simulator.longest_over_s("grid", back_s) <= 10
    assert site.rss_mb - memory_mb < 15


def _gone(site: Site) -> bool:
    status = site.status()
    return not any(device["online"] for device in (*status["chargers"].values(), *status["meters"].values()))
