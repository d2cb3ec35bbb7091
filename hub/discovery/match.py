"""Recognising devices: one DNS-SD announcement and the manifests give a candidate, or nothing. Pure.

An announcement comes from anybody on the network: nothing in it is believed beyond what a manifest's matcher asks for,
and text that is not printable or not UTF-8 counts as not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from hub.model.candidate import Address, Candidate, Confidence
from hub.model.ids import StationId
from hub.sdk.manifest import Manifest, Matcher

SUREST_FIRST = (Confidence.SURE, Confidence.LIKELY, Confidence.GUESS)
LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Announcement:
    """One service instance as announced: SRV, TXT and address records together (RFC 6763)."""

    type: str  # _shelly._tcp.local.
    name: str  # instance and type: shellypro3em-08f9e0._shelly._tcp.local.
    host: str  # shellypro3em-08f9e0.local.
    addresses: tuple[str, ...]  # newest first
    port: int
    txt: Mapping[bytes, bytes | None]

    @property
    def label(self) -> str:
        """The instance's own name, without its type."""
        return self.name.removesuffix(f".{self.type}")


def match(announced: Announcement, manifests: Iterable[Manifest], at: datetime) -> Candidate | None:
    """The surest candidate that the manifests see in an announcement; None when none fits or it names no device."""
    texts = txt_of(announced)
    fits = [
        candidate
        for manifest in manifests
        for matcher in manifest.zeroconf
        if (candidate := _candidate(announced, texts, (manifest, matcher), at)) is not None
    ]
    return min(fits, key=lambda candidate: SUREST_FIRST.index(candidate.confidence), default=None)


def types_of(manifests: Iterable[Manifest]) -> set[str]:
    """The union of all service types that any manifest waits for."""
    return {matcher.type for manifest in manifests for matcher in manifest.zeroconf}


def txt_of(announced: Announcement) -> dict[str, str]:
    """TXT keys in lower case (RFC 6763, 6.4) with readable values. Empty keys and unreadable values are left out.

    avahi's service without TXT comes as one empty key.
    """
    pairs = ((_text(key), _text(value)) for key, value in announced.txt.items())
    return {key.lower(): value for key, value in pairs if key is not None and value is not None}


def best_address(addresses: Iterable[str]) -> str | None:
    """The address to try: IPv4 before IPv6, routable before link-local and loopback; as announced among equals."""
    known = [(rank, text) for text in addresses if (rank := _rank(text)) is not None]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def _candidate(
    announced: Announcement, texts: Mapping[str, str], fit: tuple[Manifest, Matcher], at: datetime
) -> Candidate | None:
    manifest, matcher = fit
    if not _fits(announced, texts, matcher):
        return None
    serial = _serial(announced, texts, matcher)
    station = serial or _printable(announced.label)
    if station is None:
        return None
    return Candidate(
        integration=manifest.name,
        kind=manifest.kind,
        station=StationId(station),
        address=_address(announced, manifest),
        confidence=matcher.confidence if serial else Confidence.GUESS,
        seen_at=at,
        model=texts.get(matcher.model_txt.lower()) if matcher.model_txt else None,
        source="zeroconf",
    )


def _fits(announced: Announcement, texts: Mapping[str, str], matcher: Matcher) -> bool:
    if announced.type.lower() != matcher.type.lower():
        return False
    if matcher.name is not None and re.match(matcher.name, announced.label, re.IGNORECASE) is None:
        return False
    return all(texts.get(key.lower()) == value for key, value in matcher.txt.items())


def _serial(announced: Announcement, texts: Mapping[str, str], matcher: Matcher) -> str | None:
    """By TXT key, else by the instance's name; None when neither says it."""
    if matcher.serial_txt is not None and (said := texts.get(matcher.serial_txt.lower())):
        return said
    if matcher.serial_name is None:
        return None
    found = re.search(matcher.serial_name, announced.label, re.IGNORECASE)
    return _printable(found.group(1)) if found is not None else None


def _address(announced: Announcement, manifest: Manifest) -> Address | None:
    """Where to talk to it: the announced port, or the family's own where a UDP service or no port is announced."""
    host = best_address(announced.addresses)
    port: int | None = announced.port
    if not port or "._udp." in announced.type.lower():
        port = manifest.default_port
    return Address(host, port) if host is not None and port else None


def _rank(text: str) -> int | None:
    """Smaller is better; None for what is no address of a device."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return None
    if address.is_unspecified or address.is_multicast:
        return None
    if address.is_loopback:
        return 3
    if isinstance(address, IPv4Address):
        return 2 if address.is_link_local else 0
    if not address.is_link_local:
        return 1
    return 4 if address.scope_id else 5


def _text(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else _printable(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _printable(text: str) -> str | None:
    """The text without blanks around it, if it is one that a person could read and a file could hold."""
    trimmed = text.strip()
    return trimmed if 0 < len(trimmed) <= LONGEST_TEXT and trimmed.isprintable() else None
