"""Rename, replace, retire: which lines change, and what is refused with which next step."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.config.edit import Plan, edited
from hub.config.load import Loaded, load_text
from hub.config.plans import Newcomer, renaming, replacement, retirement
from hub.config.splice import CannotSplice
from hub.devices.manifests import manifests
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.errors import EvhubError, Invalid, NotFound, Refused
from hub.model.ids import StationId

FILE = """\
grid: {limit_a: 25, meter: main}   # the fuse

chargers:
    # by the door
    bay-1:
        integration: demobox
        station: B-1     # on its label
        host: 10.0.0.5
        port: 8001
        interval_s: 1.5
        name: Door
    # a station with two outlets
    bay-2: {integration: demodial, station: CP-2, connector: 1}
    bay-3: {integration: demodial, station: CP-2, connector: 2}
    main: {integration: demodial, station: CP-4}
meters:
    main:   # in the cellar
        integration: demometer
        station: M-1
"""


def loaded(text: str = FILE) -> Loaded:
    return load_text(text, Path("config.yaml"), manifests())


def changes(plan_for: Callable[[Loaded], Plan], text: str = FILE) -> list[str]:
    """The lines that go and come, the result being a good configuration."""
    after = edited(text, plan_for(loaded(text)))
    loaded(after)
    lines = difflib.ndiff(text.splitlines(), after.splitlines())
    return [line[:2] + line[2:].strip() for line in lines if line[0] in "+-"]


FOUND = Candidate(
    integration="demobox",
    kind=Kind.CHARGER,
    station=StationId("B-9"),
    address=Address("10.0.0.9", 80),
    confidence=Confidence.SURE,
    seen_at=datetime(2026, 3, 1, tzinfo=UTC),
)
DIALLED = replace(FOUND, integration="demodial", station=StationId("CP-9"), address=None, connectors=2)


def newcomer(candidate: Candidate) -> Newcomer:
    return Newcomer(station=candidate.station, integration=candidate.integration, here=candidate)


@pytest.mark.parametrize(
    ("device", "lines"),
    [
        ("bay-1", ["- name: Door", "+ name: Lift"]),
        ("bay-2", ["- bay-2: {integration: demodial, station: CP-2, connector: 1}",
                   "+ bay-2: {integration: demodial, station: CP-2, connector: 1, name: Lift}"]),
        ("meters.main", ["+ name: Lift"]),
        ("CP-4", ["- main: {integration: demodial, station: CP-4}",
                  "+ main: {integration: demodial, station: CP-4, name: Lift}"]),
    ],
)  # fmt: skip
def test_a_name(device: str, lines: list[str]) -> None:
    assert changes(lambda now: renaming(device, "Lift", now)) == lines


@pytest.mark.parametrize(
    ("device", "lines"),
    [
        ("chargers.main", ["- main: {integration: demodial, station: CP-4}"]),
        ("cp-2", ["- bay-2: {integration: demodial, station: CP-2, connector: 1}",
                  "- bay-3: {integration: demodial, station: CP-2, connector: 2}"]),
        ("meters.main", ["- grid: {limit_a: 25, meter: main}   # the fuse", "+ grid: {limit_a: 25}   # the fuse",
                         "- main:   # in the cellar", "- integration: demometer", "- station: M-1"]),
    ],
)  # fmt: skip
def test_what_is_retired_goes_and_nothing_else(device: str, lines: list[str]) -> None:
    assert changes(lambda now: retirement(device, now)) == lines


def test_the_last_of_a_section_leaves_it_empty() -> None:
    text = "grid: {limit_a: 25}\nchargers:\n  # one\n  bay-1:\n    integration: demodial\n    station: CP-1\n"
    assert edited(text, retirement("bay-1", loaded(text))) == "grid: {limit_a: 25}\nchargers:\n  # one\n"


@pytest.mark.parametrize(
    ("device", "by", "lines"),
    [
        ("bay-1", newcomer(FOUND),  # it announces itself: the address of the old one goes
         ["- station: B-1     # on its label", "+ station: B-9     # on its label", "- host: 10.0.0.5",
          "- port: 8001"]),
        ("bay-1", Newcomer(station="B-9", integration="demobox"),  # nobody knows where: at the same address
         ["- station: B-1     # on its label", "+ station: B-9     # on its label"]),
        ("bay-1", Newcomer(station=None, host="10.0.0.7"),
         ["- station: B-1     # on its label", "- host: 10.0.0.5", "- port: 8001", '+ host: "10.0.0.7"']),
        ("bay-1", newcomer(DIALLED),  # of another family: what only the old one knows goes
         ["- integration: demobox", "- station: B-1     # on its label", "- host: 10.0.0.5", "- port: 8001",
          "- interval_s: 1.5", "+ integration: demodial", "+ station: CP-9     # on its label"]),
        ("bay-1", Newcomer(station="B-9", integration="demobox", options={"interval_s": 3, "password": "x"}),
         ["- station: B-1     # on its label", "+ station: B-9     # on its label", "- interval_s: 1.5",
          "+ interval_s: 3", "+ password: x"]),
        ("CP-2", newcomer(DIALLED),
         ["- bay-2: {integration: demodial, station: CP-2, connector: 1}",
          "+ bay-2: {integration: demodial, station: CP-9, connector: 1}",
          "- bay-3: {integration: demodial, station: CP-2, connector: 2}",
          "+ bay-3: {integration: demodial, station: CP-9, connector: 2}"]),
        ("meters.main", Newcomer(station="M-2", integration="demometer"), ["- station: M-1", "+ station: M-2"]),
    ],
)  # fmt: skip
def test_another_device_takes_the_place(device: str, by: Newcomer, lines: list[str]) -> None:
    said = changes(lambda now: replacement(device, by, now))
    assert sorted(said) == sorted(lines)


@pytest.mark.parametrize(
    ("plan", "error", "message", "step"),
    [
        (lambda now: retirement("bay-9", now), NotFound, "no charger, meter or station is called 'bay-9'",
         "did you mean 'bay-"),
        (lambda now: retirement("zzz", now), NotFound, "no charger, meter or station is called 'zzz'",
         "there are: bay-1, bay-2, bay-3, main, main"),
        (lambda now: retirement("main", now), Invalid, "device: main is a charger and a meter",
         "say chargers.main or meters.main"),
        (lambda now: renaming("CP-2", "x", now), Invalid, "device: CP-2 is bay-2 and bay-3", "name one of them"),
        (lambda now: replacement("bay-2", newcomer(DIALLED), now), Refused, "bay-2 and bay-3 are one station, CP-2",
         "say device=CP-2 to replace all its outlets; or retire bay-2, then adopt the new one with id=bay-2"),
        (lambda now: replacement("CP-2", newcomer(replace(DIALLED, connectors=1)), now), Refused,
         "CP-9 has 1 connector, and bay-3 is connector 2", "retire bay-3 first, or take a device with more outlets"),
        (lambda now: replacement("bay-1", Newcomer(station="cp-4", integration="demodial"), now), Refused,
         "cp-4 is in the configuration already, as main", "retire main first"),
        (lambda now: replacement("bay-1", Newcomer(station="B-1", integration="demobox"), now), Refused,
         "bay-1 is B-1 already", "nothing is left to do"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    plan: Callable[[Loaded], Plan], error: type[EvhubError], message: str, step: str
) -> None:
    with pytest.raises(error) as refused:
        plan(loaded())
    assert refused.value.message == message
    assert refused.value.next.startswith(step)


ODD = """\
grid: {limit_a: 25}
chargers:
  bay-1: &one {integration: demodial, station: CP-1}
  bay-2: {<<: *one, connector: 2}
"""


@pytest.mark.parametrize(
    ("plan", "by_hand"),
    [
        (lambda now: retirement("bay-1", now), "take out chargers.bay-1"),  # bay-2 stands on it
        (lambda now: replacement("CP-1", newcomer(DIALLED), now),
         "chargers.bay-1.station: CP-9, chargers.bay-2.station: CP-9"),
    ],
)  # fmt: skip
def test_what_others_refer_to_is_left_alone(plan: Callable[[Loaded], Plan], by_hand: str) -> None:
    made = plan(loaded(ODD))
    with pytest.raises(CannotSplice):
        edited(ODD, made)
    assert made.by_hand == by_hand
