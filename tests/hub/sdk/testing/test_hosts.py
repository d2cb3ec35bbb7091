"""The recording hosts implement the protocols of hub.sdk.host and keep what they are told."""

from datetime import UTC, datetime

import pytest

from hub.sdk import (
    Candidate,
    Capability,
    ChargerId,
    Confidence,
    Contact,
    Decision,
    Driver,
    Identity,
    Kind,
    LimitHeld,
    Link,
    Message,
    MeterId,
    MeterReading,
    ServerHost,
    StationHost,
    StationId,
    TransactionStart,
    TransactionStop,
    Unreachable,
)
from hub.sdk.testing import RecordingServerHost, RecordingStationHost

AT = datetime(2026, 1, 1, tzinfo=UTC)
UP, DOWN = Contact(at=AT, link=Link.UP), Contact(at=AT, link=Link.DOWN, why="gone")


class Lamp:
    async def stop(self) -> None:
        """Nothing to stop."""


def as_station_host(host: StationHost) -> StationHost:
    return host


def as_server_host(host: ServerHost) -> ServerHost:
    return host


async def test_a_charger_station_keeps_reports() -> None:
    async with RecordingStationHost(StationId("S1")) as host:
        station = as_station_host(host)
        station.report(1, LimitHeld(at=AT, limit_a=6))
        station.report(1, LimitHeld(at=AT, limit_a=10))
        station.report(2, LimitHeld(at=AT, limit_a=32))  # not drawn
        station.report_all(Identity(vendor="ACME"))
        station.report_meter(MeterReading(at=AT))  # it is no meter
        station.can(Capability.LIMIT)
    assert [held.limit_a for held in host.of(LimitHeld)] == [6, 10]
    assert host.last(LimitHeld) == LimitHeld(at=AT, limit_a=10)
    assert [connector for connector, _ in host.reports] == [1, 1, 1]
    assert host.capabilities == frozenset({Capability.LIMIT})
    assert host.chargers[1].id == ChargerId("S1-1")


async def test_contacts_are_changes_of_the_link() -> None:
    async with RecordingStationHost(StationId("M1"), meter=MeterId("main")) as host:
        for contact in (DOWN, DOWN, UP, UP, UP, DOWN):
            host.report_meter(contact)
    assert [contact.link for contact in host.contacts] == [Link.DOWN, Link.UP, Link.DOWN]
    assert len(host.of(Contact)) == 6
    assert host.chargers == {}


async def test_transactions_have_ids_and_the_same_start_is_one() -> None:
    async with RecordingStationHost(StationId("S1")) as host:
        start = TransactionStart(connector=1, at=AT, token="04AA", meter_wh=100)
        first = await host.transaction_started(start)
        assert await host.transaction_started(start) == first
        assert host.transaction_of(1) == first
        assert host.transaction_of(2) is None
        await host.transaction_stopped(TransactionStop(transaction=first, at=AT))
        assert host.transaction_of(1) is None
        assert await host.transaction_started(start) != first
    assert len(host.starts) == 2
    assert [stop.transaction for stop in host.stops] == [first]


async def test_tokens_are_answered_as_decided() -> None:
    async with RecordingStationHost(StationId("S1")) as host:
        host.decisions["04BAD"] = Decision(allowed=False, why="blocked")
        assert (await host.authorise(1, "04BAD")).allowed is False
        assert (await host.authorise(None, "04AA")).allowed is True
    assert host.asked == [(1, "04BAD"), (None, "04AA")]


async def test_a_server_host_keeps_who_came_and_went() -> None:
    adopted: list[StationId] = []
    driver: Driver = Lamp()

    def heard(identity: StationId) -> None:
        adopted.append(identity)

    async with RecordingServerHost() as host:
        server = as_server_host(host)
        server.on_adopted(heard)
        assert server.station(StationId("S1")) is None
        newcomer = Candidate(
            integration="lamp",
            kind=Kind.CHARGER,
            station=StationId("S1"),
            address=None,
            confidence=Confidence.SURE,
            seen_at=AT,
        )
        server.dialled_in(newcomer, adopt=False)
        host.adopt(station := RecordingStationHost(StationId("S1")))
        server.attach(StationId("S1"), driver)
        assert host.drivers == {StationId("S1"): driver}
        server.attach(StationId("S1"), None)
        server.left(StationId("S2"))
        assert server.station(StationId("S1")) is station
        assert server.settings(StationId("S1")) is None
    assert adopted == [StationId("S1")]
    assert (host.newcomers, host.gone, host.drivers) == ([(newcomer, False)], [StationId("S2")], {})


async def test_its_broker_gives_stored_messages_to_those_who_come_and_live_ones_to_all() -> None:
    heard: list[Message] = []
    async with RecordingStationHost(StationId("a")) as host:
        host.broker.say("a/b", "old", retain=True)
        leave = host.mqtt.subscribe("a/+", heard.append)
        host.broker.say("a/b", "new")
        await host.mqtt.publish("a/c", b"order")
        leave()
        host.broker.say("a/b", "later")
        assert host.broker.filters == []
        host.broker.connected = False
        with pytest.raises(Unreachable):
            await host.mqtt.publish("a/c", b"lost")
    assert [(m.topic, m.payload, m.retain) for m in heard] == [
        ("a/b", b"old", True),
        ("a/b", b"new", False),
        ("a/c", b"order", False),
    ]
    assert [m.payload for m in host.broker.published] == [b"order"]
