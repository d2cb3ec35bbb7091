"""Whether a device is there, and which of its messages count; times in seconds."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.sdk import Link
from integrations.generic_mqtt.contact import Signs, verdict
from integrations.generic_mqtt.samples import Round, Sample, Samples

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("signs", "now_s", "silent_after_s", "link", "why"),
    [
        (Signs(0), 29, 30, None, ""),
        (Signs(0), 30, 30, Link.DOWN, "nothing was heard"),
        (Signs(0, has_stored=True), 30, 30, Link.DOWN, "only stored messages"),
        (Signs(0, heard_s=10), 40, 30, Link.UP, ""),
        (Signs(0, heard_s=10), 41, 30, Link.DOWN, "nothing for 31 s"),
        (Signs(0, heard_s=10, broker_gone_s=11), 15, 30, Link.UP, ""),
        (Signs(0, heard_s=10, broker_gone_s=11), 16, 30, Link.DOWN, "no connection to its MQTT broker"),
        (Signs(0, broker_gone_s=0), 5, 30, Link.DOWN, "no connection to its MQTT broker"),
        (Signs(0, heard_s=10, gone_s=11), 12, 30, Link.DOWN, "says that it is gone"),
        (Signs(0, heard_s=12, gone_s=11), 12, 30, Link.UP, ""),
        (Signs(0, there=True), 31, 30, Link.DOWN, "nothing was heard"),
        (Signs(0, there=True), 31, None, Link.UP, ""),
        (Signs(0, heard_s=1), 1e6, None, Link.UP, ""),
        (Signs(0), 4, None, None, ""),
        (Signs(0), 5, None, Link.DOWN, "nothing was heard"),
    ],
)
def test_verdicts(signs: Signs, now_s: float, silent_after_s: float | None, link: Link | None, why: str) -> None:
    found, said = verdict(signs, now_s, silent_after_s)
    assert found is link
    assert why in said


def sample(document: object, at_s: float = 0.0, *, live: bool = True) -> Sample:
    return Sample(document, START + timedelta(seconds=at_s), at_s, live)


def test_stored_messages_are_states_and_no_samples() -> None:
    samples = Samples()
    samples.take("a", sample(1, live=False))
    assert (samples.states(), samples.fresh(0, None)) == ({"a": 1}, {})
    samples.take("a", sample(2, 5))
    assert (samples.states(), samples.fresh(10, 5), samples.fresh(10.1, 5)) == ({"a": 2}, {"a": 2}, {})


@pytest.mark.parametrize(("stored", "live"), [(2, {"a": 2}), (3, {})])
def test_a_stored_message_that_says_otherwise_makes_the_live_one_void(stored: int, live: dict[str, int]) -> None:
    samples = Samples()
    samples.take("a", sample(2))
    samples.take("a", sample(stored, live=False))
    assert samples.fresh(0, None) == live


def test_a_reading_has_the_time_of_its_oldest_line() -> None:
    samples = Samples()
    for place, topic in enumerate(("l1", "l2", "l3")):
        samples.take(topic, sample(1, place))
    assert samples.oldest_at(["l2", "l3", "other"]) == START + timedelta(seconds=1)
    samples.forget()
    assert samples.oldest_at(["l2"]) is None


def test_a_round_is_complete_when_each_has_spoken() -> None:
    turns = Round(["l1", "l2"])
    said = ["l1", "l1", "l2", "l2", "l1", "l1"]
    assert [turns.spoke(topic) for topic in said] == [False, False, True, False, True, False]
