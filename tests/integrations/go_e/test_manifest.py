"""A go-e Charger is recognised by what it announces, whatever its owner calls it, and by a browser on real sockets."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.discovery.browser import Browser, Heard
from hub.discovery.match import Announcement, match
from hub.sdk import Address, Candidate, Confidence, Kind
from hub.sdk.testing import integrations_in
from simulator.devices.base import Device, Net
from simulator.devices.go_e import start
from tests.simulator.bench import LOOPBACK, site

REPOSITORY = Path(__file__).parents[3]
MANIFESTS = [one.manifest for one in integrations_in(REPOSITORY / "integrations", REPOSITORY)]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
V3, V4 = "_go-e_go-eCharger._tcp", "_go-e_go-eCharger_V4._tcp"


def seen(label: str, service: str) -> Candidate | None:
    type_ = f"{service}.local."
    announced = Announcement(type_, f"{label}.{type_}", "go-echarger.local.", ("192.168.1.44",), 80, {b"": b""})
    return match(announced, MANIFESTS, NOW)


@pytest.mark.parametrize(
    ("label", "service", "station", "confidence"),
    [
        ("go-eCharger_062145", V3, "062145", Confidence.SURE),
        ("go-echarger_222819", V4, "222819", Confidence.SURE),
        ("go-eCharger_062145", "_http._tcp", "062145", Confidence.LIKELY),
        ("Carport", V4, "Carport", Confidence.GUESS),  # renamed: the driver reads its serial
        ("go-eCharger Carport", "_http._tcp", "go-eCharger Carport", Confidence.GUESS),
    ],
)
def test_it_is_recognised(label: str, service: str, station: str, confidence: Confidence) -> None:
    candidate = seen(label, service)
    assert candidate is not None
    assert (candidate.integration, candidate.kind, candidate.station) == ("go_e", Kind.CHARGER, station)
    assert (candidate.confidence, candidate.address) == (confidence, Address("192.168.1.44", 80))


@pytest.mark.parametrize("label", ["printer", "my go-eCharger", "Carport"])
def test_other_web_servers_are_left_alone(label: str) -> None:
    assert seen(label, "_http._tcp") is None


@pytest.mark.parametrize("hardware", ["V3", "V4"])
async def test_a_type_that_is_longer_than_allowed_is_browsed(hardware: str) -> None:
    heard: list[Announcement] = []
    types = {matcher.type for one in MANIFESTS if one.name == "go_e" for matcher in one.zeroconf}
    browser = Browser(types, (LOOPBACK,), Heard(heard.append, lambda _: None))
    await browser.start()
    device = await start(
        Device("go_e", "GE1", ("b1",), options={"hardware": hardware}),
        site(),
        Net(mdns=LOOPBACK, suffix=f"m-{hardware}"),
    )
    try:
        at = device.describe()
        expected = (at.station, Address(LOOPBACK, at.port or 0))
        async with asyncio.timeout(10):
            while expected not in [(c.station, c.address) for c in _sure(heard)]:
                await asyncio.sleep(0.01)
    finally:
        await device.stop()
        await browser.stop()


def _sure(heard: list[Announcement]) -> list[Candidate]:
    found = [match(announced, MANIFESTS, NOW) for announced in heard]
    return [candidate for candidate in found if candidate is not None and candidate.confidence is Confidence.SURE]
