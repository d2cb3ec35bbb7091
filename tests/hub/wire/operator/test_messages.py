"""The golden messages of version 1 stay readable and are written again byte for byte; what is wrong is told."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hub.wire.operator.base import Message, read
from hub.wire.operator.errors import NotReadable
from hub.wire.operator.facts import FACTS, read_fact
from hub.wire.operator.generate import FILE, MESSAGES, bundle, by_schema
from hub.wire.operator.messages import Ack, Batch, Command, Event, Range, Reply, Skip, Status

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
EPOCH = "0" * 32


def kind_of(text: str) -> type[Message]:
    kind = by_schema()[json.loads(text)["schema"]]
    assert issubclass(kind, Message)
    return kind


def event(seq: int) -> Event:
    return Event(
        seq=seq,
        schema_id="evhub.meter_connected.v1",
        at="2026-01-31T15:04:05.123Z",
        mono_ms=1,
        boot_id="1" * 32,
        clock_synced=None,
        keeping="status",
        data={"meter": "main"},
    )


def skip(first: int, last: int) -> Skip:
    return Skip(skip=Range(first=first, last=last, reason="filtered"))


def batch(*items: Event | Skip) -> Batch:
    return Batch(hub="garage-1", epoch=EPOCH, items=items)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_golden_message_is_written_again_byte_for_byte(file: Path) -> None:
    text = file.read_text().rstrip("\n")
    assert read(kind_of(text), text).to_json() == text.encode()


def test_every_kind_of_message_has_a_golden_one() -> None:
    assert {kind_of(file.read_text()) for file in GOLDEN} == set(MESSAGES)


def test_the_golden_batch_has_every_fact_and_each_is_read() -> None:
    golden = read(Batch, next(file for file in GOLDEN if file.stem == "batch").read_bytes())
    events = [item for item in golden.items if isinstance(item, Event)]
    facts = {item.schema_id: read_fact(item.schema_id, item.data) for item in events}
    assert {type(fact) for fact in facts.values() if fact is not None} == set(FACTS.values())
    assert facts["evhub.session_priced.v3"] is None  # of a newer hub: kept raw


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_message_with_more_in_it_reads_the_same(file: Path) -> None:
    text = file.read_text()
    newer = json.dumps(with_more(json.loads(text)))
    older, newer_read = read(kind_of(text), text), read(kind_of(text), newer)
    assert without_free_parts(newer_read) == without_free_parts(older)


def with_more(value: object) -> object:
    """The value with a field more in each of its objects."""
    if isinstance(value, list):
        return [with_more(item) for item in value]
    if isinstance(value, dict):
        more = {key: with_more(item) if key != "chargers" else item for key, item in value.items()}
        return {**more, "new_in_v1_9": {"x": 1}}
    return value


def without_free_parts(message: Message) -> dict[str, object]:
    """Data, arguments and results are open: whatever is in them is kept."""
    dumped = json.loads(message.to_json())
    for part in (dumped, *dumped.get("items", [])):
        for free in ("data", "args", "result"):
            part.pop(free, None)
    return dict(dumped)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_the_published_schema_takes_the_golden_messages(file: Path) -> None:
    document = json.loads(FILE.read_text())
    message = json.loads(file.read_text())
    reference = document["x-schemas"][message["schema"]]
    Draft202012Validator({"$ref": reference, "$defs": document["$defs"]}).validate(message)


def test_the_published_schema_is_up_to_date() -> None:
    assert FILE.read_text() == bundle(), "run python -m hub.wire.operator.generate"


def test_items_are_consecutive() -> None:
    assert batch(event(5), skip(6, 8), event(9)).span == (5, 9)
    with pytest.raises(ValueError, match="after 5 comes 7"):
        batch(event(5), event(7))
    with pytest.raises(ValueError, match="cannot end at 7"):
        skip(8, 7)


@pytest.mark.parametrize(
    ("kind", "payload", "why"),
    [
        (Batch, b"\xff", "Invalid JSON"),
        (Batch, b"[]", "should be an object"),
        (Batch, b'{"schema":"evhub.batch.v2"}', "schema: Input should be 'evhub.batch.v1'"),
        (Batch, batch(event(1)).to_json().replace(b'"seq":1', b'"seq":0'), "items.0.event.seq: .*greater than"),
        (Batch, batch(event(1)).to_json().replace(b"05.123Z", b"05.123"), "items.0.event.at: .*a time has a zone"),
        (Batch, batch(event(1)).to_json().replace(b"garage-1", b"Garage 1"), "hub: .*match pattern"),
        (Ack, b'{"epoch":"%s","upto":3}' % EPOCH.encode(), "does not say its schema"),
        (Command, b'{"schema":"evhub.command.v1","id":"1","name":"charger.start"}', "expires_at: Field required"),
        (Reply, b'{"schema":"evhub.reply.v1","id":"1"}', "ok: Field required"),
        (Status, b'{"schema":"evhub.status.v1","hub":"garage-1"}', "epoch: Field required"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(kind: type[Message], payload: bytes, why: str) -> None:
    with pytest.raises(NotReadable, match=why):
        read(kind, payload)
