"""docs/reference/operator.md: its examples can be read as they stand, and it has every topic, fact and field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hub.wire.operator.base import Message, read
from hub.wire.operator.facts import FACTS, read_fact
from hub.wire.operator.generate import MESSAGES, by_schema
from hub.wire.operator.messages import Batch, Event
from hub.wire.operator.topics import Topics

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "operator.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
WIRE = [example for example in EXAMPLES if example["schema"] in by_schema()]


@pytest.mark.parametrize("example", WIRE, ids=lambda example: str(example["schema"]))
def test_an_example_says_just_what_the_hub_would_write(example: dict[str, object]) -> None:
    kind = by_schema()[str(example["schema"])]
    assert issubclass(kind, Message)
    message = read(kind, json.dumps(example))
    assert json.loads(message.to_json()) == example
    events = [item for item in message.items if isinstance(item, Event)] if isinstance(message, Batch) else []
    assert all(read_fact(event.schema_id, event.data) is not None for event in events)


def test_every_message_has_an_example() -> None:
    assert {by_schema()[example["schema"]] for example in WIRE} == set(MESSAGES)


def test_the_table_has_every_fact_and_its_fields() -> None:
    rows = re.findall(r"^\| `(evhub\.\w+\.v1)` \|([^|]*)\|", PAGE, re.M)
    written = {schema: re.findall(r"`(\w+)`", fields) for schema, fields in rows}
    assert written == {schema: list(fact.model_fields) for schema, fact in FACTS.items()}


def test_every_topic_is_named() -> None:
    topics = Topics("<hub>")
    for topic in (topics.events, topics.status, topics.replies, topics.acks, topics.commands):
        assert f"`{topic}`" in PAGE
