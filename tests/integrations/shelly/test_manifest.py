"""A Shelly meter is recognised by its name, which ends in its MAC; other Shellys are left alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.discovery.match import Announcement, match
from hub.sdk import Address, Candidate, Confidence, Kind
from hub.sdk.testing import integrations_in

REPOSITORY = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TXT = {b"gen": b"2", b"app": b"Pro3EM", b"ver": b"1.4.4"}


def seen(label: str, service: str = "_shelly._tcp") -> Candidate | None:
    type_ = f"{service}.local."
    announced = Announcement(type_, f"{label}.{type_}", f"{label}.local.", ("192.168.1.105",), 80, TXT)
    return match(announced, [one.manifest for one in integrations_in(REPOSITORY / "integrations", REPOSITORY)], NOW)


@pytest.mark.parametrize(
    ("label", "station"),
    [
        ("shellypro3em-aabbccddeeff", "aabbccddeeff"),
        ("ShellyPro3EM-AABBCCDDEEFF", "AABBCCDDEEFF"),
        ("shellypro3em400-0cb815fc3c84", "0cb815fc3c84"),
        ("shellypro3em63-2805a5ca2e44", "2805a5ca2e44"),
        ("shelly3em63g3-48f6eead1a8c", "48f6eead1a8c"),
    ],
)
def test_three_phase_meters(label: str, station: str) -> None:
    candidate = seen(label)
    assert candidate is not None
    assert (candidate.integration, candidate.kind, candidate.station) == ("shelly", Kind.METER, station)
    assert (candidate.confidence, candidate.address) == (Confidence.SURE, Address("192.168.1.105", 80))


def test_older_firmware_announces_a_web_server_only() -> None:
    candidate = seen("shellypro3em-aabbccddeeff", "_http._tcp")
    assert candidate is not None
    assert (candidate.station, candidate.confidence) == ("aabbccddeeff", Confidence.LIKELY)


@pytest.mark.parametrize(
    "label", ["shellyplus1pm-aabbccddeeff", "shellyem3-aabbccddeeff", "shellyproem50-aabbccddeeff", "printer"]
)
def test_other_devices_are_left_alone(label: str) -> None:
    assert seen(label) is None
    assert seen(label, "_http._tcp") is None
