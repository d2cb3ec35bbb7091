"""A clean stop: quick, said on MQTT, nothing left behind, and the chargers stay as they are."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.site import BAYS, Listener, Site, noise_in, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]


def test_a_clean_stop_leaves_the_chargers_at_their_limits(settled: Site, listener: Listener) -> None:
    site, simulator = settled, settled.simulator
    held = {bay: site.charger(bay)["held_a"] for bay in BAYS}
    broker, before = site.broker_pid, len(site.log)
    assert site.stop_hub() < 5
    try:
        assert site.hub is not None
        assert site.hub.returncode == 0
        wait_until(lambda: listener.said("evhub/status")[-1] == "offline", 5)
        assert not _lives(broker)
        assert noise_in(site.log[before:]) == []
        assert "WARNING" not in site.log[before:]
        truth = simulator.look().truth["bays"]
        assert {bay: truth[bay]["offered_a"] for bay in BAYS} == held
    finally:
        site.start_hub()
    wait_until(lambda: all(site.charger(bay)["held_a"] is not None for bay in BAYS), 15)


def _lives(pid: int) -> bool:
    """A process that has ended and was not fetched has no command line."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    return False
