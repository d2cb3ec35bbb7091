"""The hub is killed in mid-charging and started again: nobody is cut off, no session is lost, no fuse suffers long."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import BAYS, Listener, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]


def driven(site: Site) -> bool:
    """Every charger is there, says what it holds, and the hub is past its start."""
    status = site.status_if_any()
    chargers = [] if status is None else status["chargers"].values()
    return bool(chargers) and all(c["held_a"] is not None and c["limit_reason"] != "starting" for c in chargers)


def test_a_killed_hub_comes_back_and_nobody_notices(settled: Site, listener: Listener) -> None:
    site = settled
    before, broker = site.status()["chargers"], site.broker_pid
    began_s = time.monotonic()
    site.kill_hub()
    wait_until(lambda: "offline" in listener.said("evhub/status", began_s), 5, "the last will")
    started_s = time.monotonic()
    site.start_hub()
    wait_until(lambda: driven(site), 15, "every charger is driven again")
    within_s = time.monotonic() - started_s
    wait_until(lambda: listener.said("evhub/status")[-1] == "online", 5, "it says that it is back")
    assert site.broker_pid == broker  # the broker lived on and was adopted
    wait_until(lambda: _counted(site) > sum(before[bay]["session"]["energy_wh"] for bay in BAYS), 15, "energy goes on")
    after = site.status()["chargers"]
    assert {bay: after[bay]["session"]["id"] for bay in BAYS} == {bay: before[bay]["session"]["id"] for bay in BAYS}
    for bay in BAYS:
        assert after[bay]["session"]["energy_wh"] >= before[bay]["session"]["energy_wh"]
        assert not site.simulator.paused(bay, began_s), bay
    assert within_s <= 10
    site.settle()
    assert max(site.simulator.longest_over_s(circuit, began_s) for circuit in ("grid", "garage")) <= 10


def _counted(site: Site) -> int:
    return sum(site.charger(bay)["session"]["energy_wh"] for bay in BAYS)
