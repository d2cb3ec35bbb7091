"""The machine's time zone, where it has one with a name."""

from pathlib import Path

import pytest

from hub.config import zone


@pytest.mark.parametrize(
    ("tz", "link", "found"),
    [
        ("Europe/Brussels", "", "Europe/Brussels"),
        (":Europe/Brussels", "", "Europe/Brussels"),
        ("CET-1CEST", "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),  # TZ in the POSIX form has no name
        ("", "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("", "/usr/share/zoneinfo/Moon/Tranquility", "UTC"),
        ("", "", "UTC"),
    ],
)
def test_the_zone_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tz: str, link: str, found: str
) -> None:
    localtime = tmp_path / "localtime"
    if link:
        localtime.symlink_to(link)
    monkeypatch.setenv("TZ", tz)
    monkeypatch.setattr(zone, "LINK", localtime)
    assert zone.system_zone() == found


@pytest.mark.parametrize(("name", "is_one"), [("UTC", True), ("Asia/Tokyo", True), ("Asia", False), ("", False)])
def test_what_is_a_zone(name: str, is_one: bool) -> None:
    assert zone.is_zone(name) is is_one
