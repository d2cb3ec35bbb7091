"""The clocks for tests: what sleeps wakes in order, and only when the test says so."""

import asyncio
from datetime import timedelta

import pytest

from hub.sdk.testing import FakeClock, QuickClock, until


async def wake(clock: FakeClock, after_s: float, woken: list[tuple[str, float]], name: str) -> None:
    await clock.sleep(after_s)
    woken.append((name, clock.monotonic()))


async def test_sleepers_wake_in_the_order_of_their_due_times() -> None:
    clock, woken = FakeClock(), list[tuple[str, float]]()
    async with asyncio.TaskGroup() as group:
        for name, after_s in (("late", 30.0), ("early", 5.0), ("same", 5.0), ("now", 0.0)):
            group.create_task(wake(clock, after_s, woken, name))
        await clock.advance(10)
        assert woken == [("now", 0.0), ("early", 5.0), ("same", 5.0)]
        assert clock.monotonic() == 10
        await clock.advance(minutes=1)
    assert woken[-1] == ("late", 30.0)
    assert clock.monotonic() == 70


async def test_who_sleeps_again_wakes_again_on_the_way() -> None:
    clock, ticks = FakeClock(), list[float]()

    async def tick() -> None:
        while True:
            await clock.sleep(2)
            ticks.append(clock.monotonic())

    task = asyncio.create_task(tick())
    await clock.advance(7)
    task.cancel()
    assert ticks == [2, 4, 6]


async def test_a_cancelled_sleeper_is_passed_over() -> None:
    clock, woken = FakeClock(), list[tuple[str, float]]()
    gone = asyncio.create_task(wake(clock, 1, woken, "gone"))
    stays = asyncio.create_task(wake(clock, 2, woken, "stays"))
    await clock.advance(0.5)
    gone.cancel()
    await clock.advance(5)
    assert woken == [("stays", 2)]
    assert stays.done()


async def test_a_jump_of_the_wall_clock_wakes_nobody() -> None:
    clock, woken = FakeClock(), list[tuple[str, float]]()
    task = asyncio.create_task(wake(clock, 1, woken, "sleeper"))
    before = clock.now()
    clock.jump(3600)
    await clock.advance(0.5)
    assert (clock.now() - before, woken) == (timedelta(hours=1, seconds=0.5), [])
    task.cancel()


async def test_a_quick_clock_sleeps_a_share() -> None:
    clock = QuickClock(pace=1000)
    before_s = clock.monotonic()
    async with asyncio.timeout(2):
        await clock.sleep(60)
    assert clock.monotonic() - before_s >= 60


async def test_until_gives_up() -> None:
    with pytest.raises(TimeoutError):
        await until(lambda: False, within_s=0.02)
