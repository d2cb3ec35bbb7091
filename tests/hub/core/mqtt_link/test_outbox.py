"""The queue towards the broker."""

from hub.core.mqtt_link.outbox import Message, Outbox


def said(topic: str, text: str, *, retain: bool = False) -> Message:
    return Message(topic, text.encode(), retain)


def emptied(outbox: Outbox) -> list[str]:
    return [f"{message.topic} {message.payload.decode()}" for message in (outbox.take() for _ in range(len(outbox)))]


def test_of_state_only_the_newest_is_kept_of_events_all() -> None:
    outbox = Outbox()
    for message in (
        said("a", "1", retain=True),
        said("e", "1"),
        said("b", "1", retain=True),
        said("a", "2", retain=True),
        said("e", "2"),
    ):
        outbox.put(message)
    assert emptied(outbox) == ["e 1", "e 2", "b 1", "a 2"]


def test_the_oldest_events_are_dropped_and_counted_but_never_state() -> None:
    outbox = Outbox(most=2)
    outbox.put(said("a", "1", retain=True))
    for number in range(5):
        outbox.put(said("e", str(number)))
    assert outbox.dropped == 3
    assert emptied(outbox) == ["e 3", "e 4", "a 1"]


def test_what_was_not_delivered_goes_back_to_the_head() -> None:
    outbox = Outbox()
    outbox.put(said("e", "2"))
    outbox.put(said("b", "2", retain=True))
    outbox.put_back(said("e", "1"))
    outbox.put_back(said("a", "1", retain=True))
    outbox.put_back(said("b", "1", retain=True))  # something newer of this topic waits already
    assert emptied(outbox) == ["e 1", "e 2", "a 1", "b 2"]
