"""A topic tells whose message it is: nothing else on the wire is believed about that."""

import pytest

from hub.wire.operator.topics import Topics, parse


def test_the_topics_of_a_hub() -> None:
    topics = Topics("garage-1")
    assert [topics.events, topics.status, topics.replies, topics.acks, topics.commands] == [
        f"evhub-up/garage-1/{word}" for word in ("ev", "st", "re", "ack", "cmd")
    ]


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("evhub-up/garage-1/ev", ("garage-1", "ev")),
        ("evhub-up.garage-1.st", ("garage-1", "st")),  # as NATS writes it
        ("evhub-up/garage-1/ack", None),  # comes down
        ("evhub-up/garage-1/ev/more", None),
        ("evhub-up/Garage/ev", None),
        ("evhub-up/ab/ev", None),
        ("evhub/garage-1/ev", None),
        ("", None),
    ],
)
def test_the_hub_is_read_from_the_topic(topic: str, found: tuple[str, str] | None) -> None:
    assert parse(topic) == found
