"""The broker is killed and what it had stored is gone: balancing does not mind, and everything is said again."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest

from tests.faults.site import Listener, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]


def test_a_killed_and_wiped_broker_has_everything_again(settled: Site, listener: Listener) -> None:
    site = settled
    wait_until(lambda: "evhub/site/state" in listener.topics(), 5)
    retained = {topic for topic in listener.topics() if topic.endswith(("/state", "/availability", "evhub/status"))}
    began_s, broker = time.monotonic(), site.broker_pid
    os.kill(broker, signal.SIGKILL)
    for stored in (site.data / "mqtt").glob("mosquitto.db*"):
        stored.unlink()
    assert site.order("charger.set_limit", "charger=bay-3", "limit_a=7").returncode == 0  # all others may have more
    wait_until(lambda: site.simulator.look().drawn_a("bay-3") < 7.1, 10, "balancing goes on without a broker")
    wait_until(lambda: _pid(site) not in (None, broker), 10, "a new broker")
    later = wait_until(lambda: _connected(site.mqtt_port), 10, "it answers")
    try:
        wait_until(lambda: retained <= later.topics(), 10, f"said again: {retained}")
        wait_until(lambda: later.said("evhub/status")[-1] == "online", 5)
    finally:
        later.close()
        site.order("charger.set_limit", "charger=bay-3", "limit_a=null")
    assert site.simulator.longest_over_s("grid", began_s) == 0
    assert not any(site.simulator.paused(bay, began_s) for bay in site.status()["chargers"])


def _pid(site: Site) -> int | None:
    with suppress(OSError, ValueError):
        return site.broker_pid
    return None


def _connected(port: int) -> Listener | None:
    with suppress(OSError):
        return Listener(port)
    return None
