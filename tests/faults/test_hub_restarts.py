"""The hub restarts while something else is away: it reads before it commands, and waits for as long as it must."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import BAYS, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]
AWAY_S = 15.0


def held(site: Site) -> dict[str, float]:
    return {bay: site.charger(bay)["held_a"] for bay in BAYS}


def waits_for(site: Site) -> list[str] | None:
    balancing = site.status()["site"]["balancing"]
    return None if balancing is None else list(balancing["waits_for"])


def restart(site: Site) -> None:
    site.kill_hub()
    site.start_hub()


def test_while_a_station_is_away_nobody_is_raised(settled: Site) -> None:
    site, simulator = settled, settled.simulator
    before, began_s = held(site), time.monotonic()
    simulator.fault("bay-3", "offline", AWAY_S)
    restart(site)
    wait_until(lambda: waits_for(site) == ["bay-3"], 10, "all others have answered")
    wait_until(lambda: time.monotonic() > began_s + AWAY_S, AWAY_S)
    assert simulator.raised(before, began_s, began_s + AWAY_S) == []
    wait_until(lambda: site.balances, 25, "it is back, and the start is over")
    site.settle()
    assert [simulator.longest_over_s(circuit, began_s) for circuit in ("grid", "garage")] == [0, 0]
    assert not any(simulator.paused(bay, began_s) for bay in BAYS)


def test_while_the_meter_is_silent_the_start_ends_and_nobody_is_raised(settled: Site) -> None:
    site, simulator = settled, settled.simulator
    before, began_s = held(site), time.monotonic()
    simulator.fault("main", "silent", 2 * AWAY_S)
    restart(site)
    wait_until(lambda: waits_for(site) == ["main"], 10, "all chargers have answered")
    wait_until(lambda: site.balances, 15, "the meter had its time")
    assert site.charger("bay-3")["limit_reason"] == "meter"
    wait_until(lambda: time.monotonic() > began_s + 2 * AWAY_S, 2 * AWAY_S)
    assert simulator.raised(before, began_s, began_s + 2 * AWAY_S) == []
    site.settle()
    assert [simulator.longest_over_s(circuit, began_s) for circuit in ("grid", "garage")] == [0, 0]
    assert not any(simulator.paused(bay, began_s) for bay in BAYS)


def test_a_station_that_restarts_with_the_hub_is_told_its_limit_again(settled: Site) -> None:
    site, simulator = settled, settled.simulator
    session, began_s = site.charger("bay-3")["session"]["id"], time.monotonic()
    site.kill_hub()
    simulator.fault("bay-3", "reboot", 1)  # it forgets its limit, and offers 32 A when it is up
    site.start_hub()
    wait_until(lambda: site.charger("bay-3")["online"], 30, "it dials in")
    wait_until(lambda: simulator.look().truth["bays"]["bay-3"]["offered_a"] < 15, 5, "told; 0 while others are away")
    wait_until(lambda: site.balances, 25, "the start is over")
    site.settle()
    assert site.charger("bay-3")["session"]["id"] == session
    assert simulator.longest_over_s("grid", began_s) <= 10
    assert not simulator.paused("bay-4", began_s)
