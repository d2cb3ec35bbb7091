"""An OpenEVSE is recognised by what it announces: both of its services, as net_manager.cpp of its firmware has them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.discovery.match import Announcement, match
from hub.sdk import Address, Candidate, Confidence, Kind
from hub.sdk.testing import integrations_in

REPOSITORY = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TXT = {b"type": b"openevse_wifi_v1", b"version": b"v5.1.2", b"id": b"9C9C1FE57B2C"}


def seen(label: str, service: str, txt: Mapping[bytes, bytes | None]) -> Candidate | None:
    type_ = f"{service}.local."
    announced = Announcement(type_, f"{label}.{type_}", f"{label}.local.", ("192.168.1.43",), 8080, txt)
    return match(announced, [one.manifest for one in integrations_in(REPOSITORY / "integrations", REPOSITORY)], NOW)


def test_its_own_service_names_its_serial() -> None:
    candidate = seen("openevse-7b2c", "_openevse._tcp", TXT)
    assert candidate is not None
    assert (candidate.integration, candidate.kind, candidate.station) == ("openevse", Kind.CHARGER, "9C9C1FE57B2C")
    assert candidate.address == Address("192.168.1.43", 8080)
    assert (candidate.confidence, candidate.model) == (Confidence.SURE, "openevse_wifi_v1")


def test_its_web_server_alone_is_a_guess() -> None:
    candidate = seen("openevse-7b2c", "_http._tcp", {b"": b""})
    assert candidate is not None
    assert (candidate.integration, candidate.station) == ("openevse", "openevse-7b2c")
    assert candidate.confidence is Confidence.GUESS  # it says no serial


@pytest.mark.parametrize("label", ["printer", "openevse", "my-openevse-7b2c"])
def test_other_web_servers_are_left_alone(label: str) -> None:
    assert seen(label, "_http._tcp", {}) is None
