"""The hub is killed under full load and nobody starts it again: chargers fall back alone, and no fuse is over."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults.site import PLAN, Site, site, wait_until

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(400)]
LEASED, KEEPS = ("bay-1", "bay-2", "bay-3"), "bay-4"  # OCPP chargers, and an OpenEVSE
FULL_HOUSE_A = 12.0  # what the drawing says that everything but the cars draws at most; it draws 4 A
GRID = {"limit_a": 40, "meter": "main", "unmanaged_a": FULL_HOUSE_A}
LEASE_S = 60.0  # the longest that is promised


@pytest.fixture
def under_load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose owner has declared the rest of the house; everybody charges, and the main fuse is full."""
    with site(tmp_path_factory.mktemp("death"), PLAN, also={"grid": GRID}) as whole:
        whole.settle()
        wait_until(whole.full, 60, "the main fuse gives what it can")
        yield whole


def test_a_hub_that_dies_leaves_a_site_that_fits_every_fuse(under_load: Site) -> None:
    site, simulator = under_load, under_load.simulator
    before = site.status()
    share_a = {bay: charger["safe_a"] for bay, charger in before["chargers"].items()}
    held_a = {bay: charger["held_a"] for bay, charger in before["chargers"].items()}
    assert before["site"]["safe_plan"] == {"state": "partly", "chargers": [KEEPS]}
    assert all(held_a[bay] > share_a[bay] >= 6 for bay in LEASED)
    assert all(before["chargers"][bay]["lease_until"] for bay in LEASED)
    assert before["chargers"][KEEPS]["lease_text"] == "its limits cannot end by themselves"
    assert before["chargers"][KEEPS]["limit_reason"] == "safe_plan"
    site.kill_hub()
    died_s = time.monotonic()
    wait_until(lambda: _offers(site, LEASED) == [share_a[bay] for bay in LEASED], LEASE_S, "all are at their shares")
    wait_until(lambda: all(simulator.look().drawn_a(bay) <= share_a[bay] for bay in LEASED), 6, "their cars follow")
    simulator.house(*(FULL_HOUSE_A - 4.0 for _ in range(3)))  # the worst that was declared
    house_s = time.monotonic()
    wait_until(lambda: simulator.look().over_a("grid") > -2, 10, "the house draws all that it may")
    wait_until(lambda: time.monotonic() > house_s + 5, 10)
    assert _offers(site, [KEEPS]) == [held_a[KEEPS]]  # it cannot fall back, and was given no more than that
    assert [simulator.longest_over_s(circuit, died_s) for circuit in ("grid", "garage")] == [0, 0]
    assert not any(simulator.paused(bay, died_s) for bay in (*LEASED, KEEPS))


def _offers(site: Site, bays: tuple[str, ...] | list[str]) -> list[float]:
    truth = site.simulator.look().truth
    return [truth["bays"][bay]["offered_a"] for bay in bays]
