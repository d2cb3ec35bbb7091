"""Announcements and manifests: which candidate, with which identity, address and confidence."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from hub.discovery.match import Announcement, best_address, match, txt_of
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.ids import StationId
from hub.sdk.manifest import Manifest, Matcher

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OPENEVSE = "_openevse._tcp.local."
SHELLY = "_shelly._tcp.local."
GO_E = "_go-e_go-eCharger_V4._tcp.local."


def manifest(name: str, *matchers: Matcher, kind: Kind = Kind.CHARGER, default_port: int | None = None) -> Manifest:
    return Manifest(
        name=name, title=name, kind=kind, transport="HTTP", default_port=default_port, zeroconf=matchers, docs="none"
    )


MANIFESTS = [
    manifest(
        "openevse",
        Matcher(type=OPENEVSE, serial_txt="id", model_txt="type"),
        Matcher(type="_http._tcp.local.", name="openevse-", serial_name="openevse-(.+)$", confidence=Confidence.LIKELY),
    ),
    manifest(
        "shelly",
        Matcher(type=SHELLY, name="shellypro3em-", serial_name="-([0-9a-f]{12})$", txt={"app": "Pro3EM"}),
        kind=Kind.METER,
    ),
    manifest("goe", Matcher(type=GO_E, confidence=Confidence.LIKELY)),
    manifest("warp", Matcher(type="_tf-warp-cm._udp.local.", serial_name="^(.+)$"), default_port=80),
    manifest("bare", Matcher(type="_bare._tcp.local.", serial_txt="serial", serial_name="^bare-(\\d+)")),
]


def announced(
    type: str,
    label: str,
    txt: Mapping[bytes, bytes | None] | None = None,
    *,
    addresses: tuple[str, ...] = ("192.168.1.5",),
    port: int = 80,
) -> Announcement:
    return Announcement(type, f"{label}.{type}", "thing.local.", addresses, port, txt or {})


def found(what: Announcement) -> Candidate | None:
    return match(what, MANIFESTS, AT)


@pytest.mark.parametrize(
    ("what", "integration", "station", "confidence"),
    [
        # serial by TXT key, whatever the case of the key
        (announced(OPENEVSE, "openevse-5f3a", {b"id": b"a1b2"}), "openevse", "a1b2", "sure"),
        (announced(OPENEVSE, "openevse-5f3a", {b"ID": b"a1b2"}), "openevse", "a1b2", "sure"),
        # serial by name; the type's case does not count in DNS
        (announced("_HTTP._tcp.local.", "OpenEVSE-5f3a"), "openevse", "5f3a", "likely"),
        (announced(SHELLY, "shellypro3em-08f9e0e5c790", {b"app": b"Pro3EM"}), "shelly", "08f9e0e5c790", "sure"),
        # a label that DNS-SD forbids
        (announced(GO_E, "go-echarger_123456"), "goe", "go-echarger_123456", "guess"),
        # it should say its serial and does not: by name where a pattern is given, else the name itself, as a guess
        (announced("_bare._tcp.local.", "bare-77 by the door"), "bare", "77", "sure"),
        (announced(OPENEVSE, "openevse-5f3a", {b"": b""}), "openevse", "openevse-5f3a", "guess"),
        (announced(OPENEVSE, "openevse-5f3a", {b"id": b"\xff\xfe"}), "openevse", "openevse-5f3a", "guess"),
        (announced(OPENEVSE, "openevse-5f3a", {b"id": b"a\nb"}), "openevse", "openevse-5f3a", "guess"),
        (announced(OPENEVSE, "openevse-5f3a", {b"id": None}), "openevse", "openevse-5f3a", "guess"),
        (announced(OPENEVSE, "openevse-5f3a", {b"id": b"x" * 101}), "openevse", "openevse-5f3a", "guess"),
    ],
)  # fmt: skip
def test_a_device_is_recognised(what: Announcement, integration: str, station: str, confidence: str) -> None:
    candidate = found(what)
    assert candidate is not None
    assert (candidate.integration, candidate.station, candidate.confidence) == (integration, station, confidence)


@pytest.mark.parametrize(
    "what",
    [
        announced("_http._tcp.local.", "a printer"),  # right type, wrong name
        announced("_http._tcp.local.", "not an openevse-5f3a"),  # names are matched from their beginning
        announced("_ipp._tcp.local.", "openevse-5f3a"),  # wrong type
        announced(SHELLY, "shellypro3em-08f9e0e5c790", {b"app": b"Pro4PM"}),  # TXT says otherwise
        announced(SHELLY, "shellypro3em-08f9e0e5c790"),  # TXT does not say
        announced(OPENEVSE, "\x07"),  # names no device
    ],
)
def test_a_stranger_is_not(what: Announcement) -> None:
    assert found(what) is None


def test_what_it_says_of_itself_is_kept() -> None:
    what = announced(OPENEVSE, "openevse-5f3a", {b"id": b"a1b2", b"type": b"openevse_wifi_v1"}, port=8000)
    assert found(what) == Candidate(
        integration="openevse",
        kind=Kind.CHARGER,
        station=StationId("a1b2"),
        address=Address("192.168.1.5", 8000),
        confidence=Confidence.SURE,
        seen_at=AT,
        model="openevse_wifi_v1",
        source="zeroconf",
    )


def test_the_surest_of_several_matches_wins() -> None:
    vague = manifest("web", Matcher(type=OPENEVSE, confidence=Confidence.GUESS))
    what = announced(OPENEVSE, "openevse-5f3a", {b"id": b"a1b2"})
    candidate = match(what, [vague, *MANIFESTS], AT)
    assert candidate is not None
    assert candidate.integration == "openevse"


@pytest.mark.parametrize(
    ("addresses", "best"),
    [
        (("192.168.1.5",), "192.168.1.5"),
        (("fe80::1%2", "192.168.1.5"), "192.168.1.5"),
        (("fe80::1%2", "fd00::5"), "fd00::5"),
        (("fd00::5", "10.0.0.5"), "10.0.0.5"),
        (("169.254.3.4", "10.0.0.5"), "10.0.0.5"),
        (("169.254.3.4", "fe80::1"), "169.254.3.4"),
        (("fe80::1", "fe80::1%2"), "fe80::1%2"),
        (("127.0.0.1", "10.0.0.5"), "10.0.0.5"),
        (("127.0.0.1",), "127.0.0.1"),
        (("10.0.0.6", "10.0.0.5"), "10.0.0.6"),  # the newest comes first
        (("0.0.0.0", "224.0.0.251", "nonsense"), None),
        ((), None),
    ],
)
def test_the_best_address(addresses: tuple[str, ...], best: str | None) -> None:
    assert best_address(addresses) == best


@pytest.mark.parametrize(
    ("type", "addresses", "port", "address"),
    [
        ("_bare._tcp.local.", ("10.0.0.5",), 8000, Address("10.0.0.5", 8000)),
        ("_bare._tcp.local.", ("10.0.0.5",), 0, None),  # no port announced, and the family has none of its own
        ("_bare._tcp.local.", (), 8000, None),
        ("_tf-warp-cm._udp.local.", ("10.0.0.5",), 34127, Address("10.0.0.5", 80)),  # HTTP is not where UDP is
        ("_tf-warp-cm._udp.local.", ("10.0.0.5",), 0, Address("10.0.0.5", 80)),
    ],
)
def test_where_it_answers(type: str, addresses: tuple[str, ...], port: int, address: Address | None) -> None:
    candidate = found(announced(type, "bare-77", addresses=addresses, port=port))
    assert candidate is not None
    assert candidate.address == address


def test_txt_without_empty_keys_and_unreadable_values() -> None:
    what = announced(
        "_x._tcp.local.", "x", {b"": b"", b"Id": b" 7 ", b"bad": b"\xff", b"\xff": b"1", b"flag": None, b"no": b""}
    )
    assert txt_of(what) == {"id": "7"}  # fmt: skip
