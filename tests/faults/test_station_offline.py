"""One OCPP station loses its network for a while: only it is affected, and it is told anew as soon as it is back."""

from __future__ import annotations

import time

import pytest

from tests.faults.site import Listener, Site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]
AWAY_S = 12.0


def test_only_the_station_that_is_away_is_affected(settled: Site, listener: Listener) -> None:
    site, simulator = settled, settled.simulator
    session = site.charger("bay-3")["session"]["id"]
    began_s = time.monotonic()
    simulator.fault("bay-3", "offline", AWAY_S)
    wait_until(lambda: "offline" in listener.said("evhub/charger/bay-3/availability", began_s), 10)
    away = wait_until(lambda: _reserved(site), 12, "its fallback is kept free")
    # nobody declared a fallback: all that it could draw, 32 A on L1, is kept free, as nobody can tell it anything
    assert away["limit_a"] == 32
    assert "does not answer" in away["limit_text"]
    assert {id for id, c in site.status()["chargers"].items() if c["limit_reason"] == "unreachable"} == {"bay-3"}
    assert not simulator.paused("bay-3", began_s)  # the car itself charges on
    assert not simulator.paused("bay-4", began_s)  # another line
    wait_until(lambda: listener.said("evhub/charger/bay-3/availability")[-1] == "online", AWAY_S + 15)
    back_s = time.monotonic()
    wait_until(lambda: site.charger("bay-3")["held_a"] not in (None, 32), 5, "its limit is right within 5 s")
    assert time.monotonic() - back_s <= 5
    assert site.charger("bay-3")["session"]["id"] == session
    site.settle()
    assert [simulator.longest_over_s(circuit, began_s) for circuit in ("grid", "garage")] == [0, 0]


def _reserved(site: Site) -> dict[str, object] | None:
    charger = site.charger("bay-3")
    return charger if charger["limit_reason"] == "unreachable" and charger["limit_a"] == 32 else None
