"""Log lines: which room speaks, and of which device."""

from __future__ import annotations

import json
import logging

import pytest

import integrations.ocpp.server  # noqa: F401 - a module whose name looks like that of a station
from hub.core.log import JsonLines, Lines


@pytest.mark.parametrize(
    ("logger", "line"),
    [
        ("integrations.shelly.08f9e0e5c790", "shelly       08f9e0e5c790: does not answer"),
        ("integrations.ocpp.CP.1", "ocpp         CP.1: does not answer"),  # identities have dots, too
        ("integrations.ocpp.server", "ocpp         does not answer"),  # a module
        ("integrations.ocpp", "ocpp         does not answer"),
        ("hub.balance.service", "balance      does not answer"),
    ],
)
def test_a_line_names_its_room_and_its_device(logger: str, line: str) -> None:
    assert Lines().format(record(logger)).endswith(f"WARNING {line}")


def test_a_machine_finds_the_device_in_a_field_of_its_own() -> None:
    entry = json.loads(JsonLines().format(record("integrations.shelly.08f9e0e5c790")))
    assert (entry["room"], entry["station"], entry["text"]) == ("shelly", "08f9e0e5c790", "does not answer")
    assert "station" not in json.loads(JsonLines().format(record("hub.balance.service")))


def record(logger: str) -> logging.LogRecord:
    return logging.LogRecord(logger, logging.WARNING, "file", 1, "does not %s", ("answer",), None)
