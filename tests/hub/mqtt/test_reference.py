"""docs/reference/mqtt.md says what the program does: every topic, field, word, event and example is compared."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from hub.core import shown
from hub.core.mqtt_link.outbox import MOST_WAITING
from hub.core.orders import Reply, envelope
from hub.model import facts
from hub.model.charger import Status
from hub.model.errors import Refused
from hub.model.grant import Limiter
from hub.mqtt import commands, service
from hub.mqtt import topics as t
from tests.hub.mqtt.example import BAY_1, GARAGE, MAIN, NOW, candidate, picture, session_ended

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "mqtt.md").read_text()
TOPICS = t.Topics("evhub")
EXAMPLES = {
    "evhub/site/state": shown.site_state(picture(), NOW),
    "evhub/circuit/<id>/state": shown.circuit_state(picture(), GARAGE, NOW),
    "evhub/meter/<id>/state": shown.meter_state(picture(), MAIN, NOW),
    "evhub/charger/<id>/state": shown.charger_state(picture(), BAY_1, NOW),
    "evhub/discovery/<station>": shown.candidate_state(candidate()),
}


def part(title: str) -> str:
    """What stands under a heading, up to the next."""
    _, found, rest = (
        PAGE.partition(f"\n## {title}\n") if f"\n## {title}\n" in PAGE else PAGE.partition(f"### `{title}`\n")
    )
    assert found, f"no heading for {title}"
    return re.split(r"\n##", rest, maxsplit=1)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in re.findall(r"^\| `.*$", text, re.M)]


def words(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def examples(text: str) -> list[object]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S)]


@pytest.mark.parametrize("topic", EXAMPLES)
def test_the_fields_of_a_state_are_the_programs_in_order(topic: str) -> None:
    assert [words(row[0])[0] for row in rows(part(topic))] == list(EXAMPLES[topic])


@pytest.mark.parametrize("topic", EXAMPLES)
def test_the_example_of_a_state_is_real(topic: str) -> None:
    assert examples(part(topic)) == [EXAMPLES[topic]]


def test_the_words_of_status_and_reason() -> None:
    by_field = {words(row[0])[0]: row for row in rows(part("evhub/charger/<id>/state"))}
    assert words(by_field["status"][2]) == list(Status)
    assert words(by_field["limit_reason"][2]) == list(Limiter)


def test_every_topic_has_its_heading() -> None:
    names = {
        TOPICS.status,
        TOPICS.site,
        TOPICS.circuit("<id>"),  # type: ignore[arg-type]
        TOPICS.meter("<id>"),  # type: ignore[arg-type]
        TOPICS.charger("<id>"),  # type: ignore[arg-type]
        TOPICS.availability("<id>"),  # type: ignore[arg-type]
        TOPICS.candidate("<station>"),  # type: ignore[arg-type]
    }
    section = PAGE.split("## State, retained")[1].split("\n## ")[0]
    assert set(re.findall(r"^### `(.*)`$", section, re.M)) == names
    for name in (TOPICS.event("<name>"), TOPICS.order("<noun.verb>"), TOPICS.reply("<id>"), TOPICS.reply("unknown")):
        assert f"`{name}`" in PAGE
    assert f"`{TOPICS.setting('<id>', '<field>')}`" in PAGE


def test_the_table_of_events() -> None:
    section = PAGE.split("## Events, not retained")[1].split("\n## ")[0]
    written = {words(row[0])[0]: words(row[1]) for row in rows(section)}
    events = [fact for fact in vars(facts).values() if isinstance(fact, type) and issubclass(fact, facts.Event)]
    real = {e.name: [f.name for f in fields(e) if f.name != "at"] for e in events if e is not facts.Event}
    assert written == real


def test_the_example_of_an_event_is_real() -> None:
    assert examples(part("evhub/event/session_ended")) == [t.event_payload(session_ended())]


def test_the_example_of_an_order_is_read() -> None:
    [document] = examples(part("evhub/order/charger.set_limit"))
    assert commands.reply_id(document) == "a1"
    order = envelope("charger.set_limit", document)
    assert (order.id, order.args) == ("a1", {"charger": "bay-1", "limit_a": 10})
    assert order.expires_at is not None
    section = PAGE.split("## Orders")[1].split("\n### ")[0]
    assert [words(row[0])[0] for row in rows(section)] == ["id", "args", "expires_at"]


def test_the_examples_of_replies_are_real() -> None:
    done = Reply(result={"limit_a": 10.0})
    refused = Reply(error=Refused("bay-1 takes 32 A at most", "ask for 32 or less"))
    assert examples(part("evhub/reply/a1")) == [{**reply.to_json(), "id": "a1"} for reply in (done, refused)]


def test_the_settings() -> None:
    table = rows(part("Settings, for people"))
    assert tuple(words(row[0])[0] for row in table) == t.SETTINGS
    for field, payload, order in table:
        tried = ["10", "null", ""] if words(field) == ["limit_a"] else words(payload)
        given = {commands.setting("bay-1", words(field)[0], text.encode())[0] for text in tried}
        assert given == set(words(order))


@pytest.mark.parametrize(
    "bound",
    [
        f"{commands.LONGEST_PAYLOAD} bytes",
        f"{service.MOST_AT_ONCE} orders at a time",
        f"{MOST_WAITING} at most",
    ],
)
def test_the_bounds(bound: str) -> None:
    assert bound in " ".join(PAGE.split())
