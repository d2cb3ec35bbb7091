"""The bus: live changes are conflated by key, events keep their order, and no listener harms another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from hub.core import bus as bus_module
from hub.core.bus import Bus
from hub.model.facts import ChargerChanged, ChargerConnected, Event, Fact
from hub.model.ids import ChargerId

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BAY_1, BAY_2 = ChargerId("bay-1"), ChargerId("bay-2")


async def test_a_slow_listener_sees_each_key_once_and_every_event() -> None:
    bus, heard, go = Bus(), [], asyncio.Event()

    async def slow(fact: Fact) -> None:
        await go.wait()
        heard.append(fact)

    bus.listen("slow", (ChargerChanged, ChargerConnected), slow)
    for _ in range(100):
        bus.publish(ChargerChanged(BAY_1))
        bus.publish(ChargerChanged(BAY_2))
    for _ in range(3):
        bus.publish(ChargerConnected(at=NOW, charger=BAY_1))
    go.set()
    await bus.drained()
    assert heard == [ChargerChanged(BAY_1), ChargerChanged(BAY_2), *[ChargerConnected(at=NOW, charger=BAY_1)] * 3]
    await bus.close()


async def test_only_wanted_facts_arrive_and_a_base_class_wants_all_below_it() -> None:
    bus, events, changes = Bus(), [], []

    async def take_event(fact: Fact) -> None:
        events.append(fact)

    async def take_change(fact: Fact) -> None:
        changes.append(fact)

    bus.listen("events", (Event,), take_event)
    bus.listen("changes", (ChargerChanged,), take_change)
    bus.publish(ChargerChanged(BAY_1))
    bus.publish(ChargerConnected(at=NOW, charger=BAY_1))
    await bus.drained()
    assert (events, changes) == ([ChargerConnected(at=NOW, charger=BAY_1)], [ChargerChanged(BAY_1)])
    await bus.close()


async def test_a_listener_that_fails_goes_on_and_others_do_not_notice(caplog: pytest.LogCaptureFixture) -> None:
    bus, broken, healthy = Bus(), [], []

    async def fails_on_bay_1(fact: Fact) -> None:
        assert isinstance(fact, ChargerChanged)
        if fact.charger == BAY_1:
            raise ValueError("boom")
        broken.append(fact.charger)

    async def works(fact: Fact) -> None:
        assert isinstance(fact, ChargerChanged)
        healthy.append(fact.charger)

    bus.listen("broken", (ChargerChanged,), fails_on_bay_1)
    bus.listen("healthy", (ChargerChanged,), works)
    bus.publish(ChargerChanged(BAY_1))
    bus.publish(ChargerChanged(BAY_2))
    await bus.drained()
    assert (broken, healthy) == ([BAY_2], [BAY_1, BAY_2])
    assert "listener broken on charger_changed failed" in caplog.text
    await bus.close()


async def test_a_queue_is_bounded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(bus_module, "LONGEST_QUEUE", 3)
    bus, heard, go = Bus(), [], asyncio.Event()

    async def slow(fact: Fact) -> None:
        await go.wait()
        heard.append(fact)

    bus.listen("slow", (Event,), slow)
    for number in range(5):
        bus.publish(ChargerConnected(at=NOW, charger=ChargerId(f"bay-{number}")))
    go.set()
    await bus.drained()
    assert [fact.charger for fact in heard] == ["bay-2", "bay-3", "bay-4"]
    assert "slow is 3 facts behind" in caplog.text
    await bus.close()


def test_a_fact_is_named_in_snake_case() -> None:
    assert ChargerConnected.name == "charger_connected"
