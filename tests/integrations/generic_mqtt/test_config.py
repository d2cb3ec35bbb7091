"""What a user writes is read strictly, and the examples of the page are right."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.config.load import load
from integrations.generic_mqtt.config import ChargerConfig, MeterConfig
from tests.architecture.tree import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "integrations" / "generic_mqtt.md"
CURRENT = {"topic": "m", "current_a": [{"path": "a"}]}
STATUS = {"status": {"topic": "s", "words": {"A": "available"}}}
LIMIT = {"topic": "set"}
SAY = {"topic": "t", "payload": "p"}


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S))
def test_an_example_of_the_page_can_be_copied(tmp_path: Path, example: str) -> None:
    meter = "{limit_a: 25, meter: main}" if example.startswith("meters:") else "{limit_a: 25}"
    (tmp_path / "config.yaml").write_text(f"site: {{name: Docs}}\ngrid: {meter}\n{example}")
    [entry] = load(tmp_path / "config.yaml").entries.values()
    assert entry.integration == "generic_mqtt"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "it measures nothing"),
        ({"voltage_v": [{"topic": "v"}]}, "it measures nothing"),
        ({"current_a": [{"path": "a"}]}, "'current_a' names no topic"),
        ({"current_a": [{"topic": "a/+"}]}, "no single topic"),
        ({"current_a": [{"topic": "a/#"}]}, "no single topic"),
        ({"current_a": [{"topic": ""}]}, "at least 1 character"),
        ({"topic": "m", "current_a": [{"path": "a["}]}, "no path into a message"),
        ({"topic": "m", "current_a": [{"path": "a", "scale": 0}]}, "makes every value 0"),
        ({"topic": "m", "current_a": [{"path": "a", "scale": "nan"}]}, "finite number"),
        ({"topic": "m", "current_a": [{}, {}, {}, {}]}, "at most 3 items"),
        ({**CURRENT, "unsigned_current": True}, "needs 'power_w'"),
        ({**CURRENT, "silent_after_s": 1}, "greater than or equal to 2"),
        ({**CURRENT, "silent_after_s": None}, "valid number"),
        ({**CURRENT, "limit": LIMIT}, "Extra inputs"),
        ({**CURRENT, "availability": {"on": "1"}}, "Extra inputs"),
    ],
)
def test_a_meter_that_cannot_be(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        MeterConfig.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "it says nothing"),
        ({"limit": LIMIT}, "it says nothing"),
        ({"status": {"topic": "s", "words": {"A": "idle"}}}, "available"),
        ({"status": {"topic": "s", "words": {}}}, "at least 1 item"),
        ({**STATUS, "silent_after_s": None}, "needs 'availability'"),
        ({**STATUS, "start": SAY}, "'start' and 'stop' belong together"),
        ({**STATUS, "limit": {**LIMIT, "payload": "10"}}, "does not say how much"),
        ({**STATUS, "limit": {**LIMIT, "payload": '{"a": {limit_a}, "b": {amps}}'}}, "has {amps} in it"),
        ({**STATUS, "limit": {**LIMIT, "step_a": 0}}, "greater than 0"),
        ({**STATUS, "limit": {**LIMIT, "pause": SAY}}, "'pause' and 'resume' belong together"),
        ({**STATUS, "limit": {**LIMIT, "paused": {"topic": "r", "word": "OFF"}}}, "'paused' without 'pause'"),
        ({**STATUS, "limit": {**LIMIT, "held": {"topic": "h"}, "trust": True}}, "'held' is better"),
        ({**STATUS, "limit": {**LIMIT, "held": {}}}, "'limit.held' names no topic"),
        ({**STATUS, "limit": {**LIMIT, "held": {"topic": "set"}}}, "the hub would hear itself"),
        ({**STATUS, "start": {"topic": "s", "payload": "1"}, "stop": SAY}, "the hub would hear itself"),
    ],
)
def test_a_charger_that_cannot_be(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        ChargerConfig.model_validate(wrong)


def test_an_error_names_its_line(tmp_path: Path) -> None:
    text = "site: {name: A}\ngrid: {limit_a: 25}\nmeters:\n  main:\n    integration: generic_mqtt\n    station: m\n"
    (tmp_path / "config.yaml").write_text(f"{text}    topic: m\n    current_a: [{{path: 'a['}}]\n")
    with pytest.raises(Exception, match=r"config.yaml:8.*meters.main.current_a.*path into a message"):
        load(tmp_path / "config.yaml")
