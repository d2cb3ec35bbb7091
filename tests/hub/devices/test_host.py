"""What a driver listens to ends with it."""

import pytest

from hub.devices.host import StationMqtt
from hub.model.errors import Unreachable
from hub.sdk import Message
from hub.sdk.testing import RecordingBroker


async def test_subscriptions_end_with_the_driver_and_not_with_its_neighbours() -> None:
    broker = RecordingBroker()
    heard: list[Message] = []
    one, other = StationMqtt(broker), StationMqtt(broker)
    one.subscribe("a/#", heard.append)
    leave = one.subscribe("a/b", heard.append)
    other.subscribe("a/b", heard.append)
    leave()
    assert broker.filters == ["a/#", "a/b"]
    one.end()
    assert broker.filters == ["a/b"]
    one.end()


async def test_it_speaks_while_the_broker_is_there() -> None:
    broker = RecordingBroker()
    station = StationMqtt(broker)
    await station.publish("a", b"1", retain=True)
    assert (station.connected, broker.published) == (True, [Message("a", b"1", retain=True, qos=1)])
    broker.connected = False
    assert not station.connected
    with pytest.raises(Unreachable):
        await station.publish("a", b"2")
