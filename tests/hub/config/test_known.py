"""What became of the devices of the drawing since the last look, and which ids are not given to others."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.config.known import Known, known, told
from hub.config.load import load_text
from hub.devices.manifests import manifests
from hub.model.facts import Event
from hub.model.site import Site

BASE = """\
grid: {limit_a: 25, meter: main}
chargers:
  bay-1: {integration: demodial, station: CP-1}
  bay-2: {integration: demobox, station: B-2}
meters:
  main: {integration: demometer, station: M-1}
"""
AT = datetime(2026, 3, 1, tzinfo=UTC)


def site(text: str) -> Site:
    return load_text(text, Path("config.yaml"), manifests()).site


def said(fact: Event) -> str:
    keys = ("kind", "device", "station", "before", "after")
    return " ".join([fact.name, *(str(getattr(fact, key)) for key in keys if hasattr(fact, key))])


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        ("limit_a: 25", "limit_a: 20", []),
        ("CP-1", "CP-9", ["device_replaced charger bay-1 CP-1 CP-9"]),
        ("CP-1", "cp-1", []),  # the same device in other letters
        ("M-1", "M-2", ["device_replaced meter main M-1 M-2"]),
        ("  bay-1:", "  bay-3:", ["device_retired charger bay-1 CP-1", "device_adopted charger bay-3 CP-1"]),
        ("  bay-1: {integration: demodial, station: CP-1}\n", "", ["device_retired charger bay-1 CP-1"]),
    ],
)
def test_what_is_told_of_the_devices(old: str, new: str, facts: list[str]) -> None:
    before = Known().after(site(BASE))
    after = before.after(site(BASE.replace(old, new, 1)))
    assert [said(fact) for fact in told(before, after, AT)] == facts


def test_at_the_first_start_every_device_is_new() -> None:
    facts = told(known(None), Known().after(site(BASE)), AT)
    assert [said(fact).split()[2] for fact in facts] == ["bay-1", "bay-2", "main"]


def test_a_retired_id_is_remembered_until_it_is_in_use_again() -> None:
    without = BASE.replace("  bay-1: {integration: demodial, station: CP-1}\n", "")
    look = Known().after(site(BASE)).after(site(without))
    assert look.retired == {"bay-1"}
    assert known(look.to_json()) == look
    assert look.after(site(without)).retired == {"bay-1"}
    assert look.after(site(BASE)).retired == set()
