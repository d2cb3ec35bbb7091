"""types.ts and roles.ts hold what the hub has: each field of a real document, and who may give which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from hub.model.person import EVERYBODY
from tests.architecture.tree import REPOSITORY
from tests.docs.catalogue import every_order
from tests.journeys.hub import Hub

SOURCES = REPOSITORY / "frontend" / "src"
SERVERS_OWN = {"hub"}  # of the document; no page shows it


def fields_of(interface: str) -> set[str]:
    """The names that types.ts gives an interface."""
    text = (SOURCES / "types.ts").read_text()
    found = re.search(rf"export interface {interface} {{\n(.*?)\n}}", text, re.S)
    assert found, interface
    return set(re.findall(r"^  (\w+)\??:", found.group(1), re.M))


def objects_of(status: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object of a document, with the interface that it is."""
    yield "Document", {name: value for name, value in status.items() if name not in SERVERS_OWN}
    yield "Site", status["site"]
    for kind, interface in (("circuits", "Circuit"), ("meters", "Meter"), ("chargers", "Charger")):
        yield from ((interface, one) for one in status[kind].values())
    yield from (("Session", one["session"]) for one in status["chargers"].values() if one["session"] is not None)
    yield from (("Candidate", one) for one in status["candidates"])
    yield from (("Alarm", one) for one in status["site"]["alarms"])


@pytest.mark.needs_mosquitto
@pytest.mark.timeout(120)
def test_the_types_are_those_of_a_running_hub(hub: Hub) -> None:
    status = hub.wait_for(lambda s: any(c["session"] for c in s["chargers"].values()), within_s=30)
    seen = list(objects_of(status))
    assert {"Document", "Site", "Circuit", "Meter", "Charger", "Session"} <= {interface for interface, _ in seen}
    wrong = {interface: fields_of(interface) ^ one.keys() for interface, one in seen}
    assert {interface: fields for interface, fields in wrong.items() if fields} == {}


def test_the_pages_know_who_may_give_each_order_that_they_use() -> None:
    text = (SOURCES / "roles.ts").read_text()
    sets = dict(re.findall(r"^const (\w+): readonly Role\[\] = \[(.*?)\];", text, re.M))
    rows = re.findall(r'^  "([a-z]+\.[a-z_]+)": (\w+),', text, re.M)
    catalogue = every_order()

    def roles(name: str) -> set[str]:
        spread = re.findall(r"\.\.\.(\w+)", sets[name])
        return set(re.findall(r'"(\w+)"', sets[name])) | {role for other in spread for role in roles(other)}

    assert {name: roles(of) for name, of in rows} == {name: set(map(str, catalogue[name].may)) for name, _ in rows}
    used = {
        name
        for file in SOURCES.rglob("*.ts")
        for name in re.findall(r'(?:order=|order(?:<.*>)?\()"([\w.]+)"', file.read_text())
    }
    assert used >= {"charger.allow", "device.adopt", "history.query"}
    everybodys = {name for name in used if catalogue[name].may == EVERYBODY}
    assert used - everybodys <= {name for name, _ in rows}
