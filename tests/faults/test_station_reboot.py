"""A station restarts in mid-session and forgets its limit: it is told again at once, and the session goes on."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import Listener, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]


def test_a_station_that_forgets_its_limit_is_told_again(settled: Site, listener: Listener) -> None:
    site, simulator = settled, settled.simulator
    before = site.charger("bay-3")["session"]
    began_s = time.monotonic()
    simulator.fault("bay-3", "reboot", 1)
    wait_until(lambda: "offline" in listener.said("evhub/charger/bay-3/availability", began_s), 10)
    wait_until(lambda: listener.said("evhub/charger/bay-3/availability")[-1] == "online", 30)
    back_s = time.monotonic()
    wait_until(lambda: 0 < simulator.look().truth["bays"]["bay-3"]["offered_a"] < 15, 5, "its limit is right again")
    assert time.monotonic() - back_s <= 5
    site.settle()
    after = site.charger("bay-3")["session"]
    assert after["id"] == before["id"]
    assert after["energy_wh"] >= before["energy_wh"]
    assert simulator.longest_over_s("grid", began_s) <= 10
    assert not simulator.paused("bay-4", began_s)  # on another line; on its own 32 A were kept free for it meanwhile
