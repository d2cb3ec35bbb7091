"""The hub is killed in mid-charging and started again: nobody is cut off, no session is lost, no fuse is overloaded."""

from __future__ import annotations

import json
import time

import pytest

from tests.faults.site import BAYS, Listener, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]
ORDER = "evhub/order/charger.set_limit"


def test_a_killed_hub_comes_back_and_nobody_notices(settled: Site, listener: Listener) -> None:
    site = settled
    before, broker = site.status()["chargers"], site.broker_pid
    began_s = time.monotonic()
    site.kill_hub()
    wait_until(lambda: "offline" in listener.said("evhub/status", began_s), 5, "the last will")
    listener.publish(ORDER, json.dumps({"id": "stale", "args": {"charger": "bay-3", "limit_a": 6}}), retain=True)
    started_s = time.monotonic()
    site.start_hub()
    wait_until(lambda: site.balances, 15, "it balances again")
    within_s = time.monotonic() - started_s
    wait_until(lambda: listener.said("evhub/status")[-1] == "online", 5, "it says that it is back")
    assert site.broker_pid == broker  # the broker lived on and was adopted
    wait_until(lambda: listener.said("evhub/reply/stale"), 5, "a stored order is answered")
    assert json.loads(listener.said("evhub/reply/stale")[0])["error"]["code"] == "expired"
    listener.publish(ORDER, "", retain=True)
    wait_until(lambda: _counted(site) > sum(before[bay]["session"]["energy_wh"] for bay in BAYS), 20, "energy goes on")
    after = site.status()["chargers"]
    assert {bay: after[bay]["session"]["id"] for bay in BAYS} == {bay: before[bay]["session"]["id"] for bay in BAYS}
    for bay in BAYS:
        assert after[bay]["session"]["energy_wh"] >= before[bay]["session"]["energy_wh"]
        assert not site.simulator.paused(bay, began_s), bay
    assert within_s <= 10
    site.settle()
    assert [site.simulator.longest_over_s(circuit, began_s) for circuit in ("grid", "garage")] == [0, 0]


def _counted(site: Site) -> int:
    return sum(site.charger(bay)["session"]["energy_wh"] or 0 for bay in BAYS)
