"""Several subscribers on one connection, against a real broker."""

import logging

import pytest

from hub.core.mqtt_link.client import Client
from hub.core.mqtt_link.outbox import Message
from hub.core.mqtt_link.server import Server
from hub.core.mqtt_link.subscriptions import Subscriptions
from tests.conftest import Mosquitto
from tests.observer import Observe, Observer, until


class Ear:
    """What one subscriber heard."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.heard.append(message)

    @property
    def said(self) -> list[tuple[str, bytes, bool]]:
        return [(m.topic, m.payload, m.retain) for m in self.heard]


async def a_round(client: Client, observer: Observer) -> None:
    """Everything said to the broker before is through when this returns."""
    done = Ear()
    subscription = client.subscribe("round", done)
    await client.deliver("before", b"")
    observer.publish("round", "")
    await until(lambda: bool(done.heard))
    client.unsubscribe(subscription)


@pytest.mark.parametrize("filters", [("a/b", "a/b"), ("a/b", "a/#"), ("a/+", "+/b"), ("#", "a/b", "+/+")])
async def test_each_hears_a_message_once(mosquitto: Mosquitto, observe: Observe, filters: tuple[str, ...]) -> None:
    observer = await observe(mosquitto.port)
    observer.publish("a/b", "stored", retain=True)
    await observer.text("a/b", b"stored")
    client = Client(Server("127.0.0.1", mosquitto.port), None, name="me")
    client.start()
    await until(lambda: client.connected)
    ears: list[Ear] = []
    for name in filters:  # the later ones come when the topic is subscribed to already
        ears.append(Ear())
        client.subscribe(name, ears[-1])
        await until(lambda: ears[-1].heard != [])
    observer.publish("a/b", "live")
    await a_round(client, observer)
    await client.stop()
    for ear in ears:
        assert [one for one in ear.said if one[0] == "a/b"] == [("a/b", b"stored", True), ("a/b", b"live", False)]


async def test_who_leaves_hears_nothing_and_the_others_miss_nothing(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    client = Client(Server("127.0.0.1", mosquitto.port), None, name="me")
    client.start()
    wide, narrow = Ear(), Ear()
    leaving = client.subscribe("a/#", wide)
    client.subscribe("a/b", narrow)
    await until(lambda: client.connected)
    await a_round(client, observer)
    client.unsubscribe(leaving)
    client.unsubscribe(leaving)
    for topic in ("a/b", "a/c"):
        observer.publish(topic, "1")
    await a_round(client, observer)
    await client.stop()
    assert (wide.said, narrow.said) == ([], [("a/b", b"1", False)])


class Asked:
    """A connection that writes down what it is asked for."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def subscribe(self, filters: list[tuple[str, int]]) -> None:
        self.log += [f"+{name}" for name, _ in filters]

    def unsubscribe(self, filters: list[str]) -> None:
        self.log += [f"-{name}" for name in filters]


def test_a_change_of_filters_costs_no_message() -> None:
    subscriptions, link = Subscriptions(), Asked()
    first = subscriptions.add("a/b", print)
    subscriptions.begin(link)
    second = subscriptions.add("a/+", print)
    third = subscriptions.add("c", print)
    subscriptions.add("a/b", print)
    subscriptions.remove(second)
    subscriptions.remove(first)
    subscriptions.remove(third)
    assert link.log == ["+a/b", "+a/+", "-a/b", "+c", "+a/+", "-c"]


async def test_they_may_come_before_there_is_a_client(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    subscriptions, early = Subscriptions(), Ear()
    subscriptions.add("a", early)
    client = Client(Server("127.0.0.1", mosquitto.port), None, name="me", subscriptions=subscriptions)
    client.start()
    await until(lambda: client.connected)
    observer.publish("a", "1")
    await until(lambda: early.said == [("a", b"1", False)])
    await client.stop()


async def test_one_who_fails_disturbs_nobody(
    mosquitto: Mosquitto, observe: Observe, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(message: Message) -> None:
        raise KeyError(message.topic)

    observer = await observe(mosquitto.port)
    client = Client(Server("127.0.0.1", mosquitto.port), None, name="me")
    client.start()
    client.subscribe("a", fail)
    ear = Ear()
    client.subscribe("a", ear)
    await until(lambda: client.connected)
    with caplog.at_level(logging.ERROR, logger="asyncio"):
        observer.publish("a", "1")
        await until(lambda: ear.said == [("a", b"1", False)])
    await client.stop()
    assert "KeyError: 'a'" in caplog.text
