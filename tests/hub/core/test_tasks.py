"""Supervised tasks: a failing one is logged and comes back, a group ends together."""

from __future__ import annotations

import asyncio
import gc

import pytest

from hub.core import tasks as tasks_module
from hub.core.tasks import Tasks, back_off_s


async def test_a_failing_task_comes_back_until_it_returns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks_module, "back_off_s", lambda attempt: 0.001 * attempt)
    tries = 0

    async def third_time_lucky() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ValueError("not yet")

    tasks = Tasks("room")
    async with asyncio.timeout(5):
        await tasks.keep("work", third_time_lucky)
    assert tries == 3
    assert caplog.text.count("task room.work failed") == 2


async def test_closing_ends_everything(caplog: pytest.LogCaptureFixture) -> None:
    tasks, ended = Tasks("room"), []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    tasks.keep("a", for_ever)
    tasks.once("b", for_ever())
    await asyncio.sleep(0)
    await tasks.close()
    assert ended == [1, 1]
    assert not caplog.records


async def test_what_is_closed_before_its_first_step_leaves_no_warning() -> None:
    begun = []

    async def work() -> None:
        begun.append(1)

    tasks = Tasks("room")
    tasks.once("work", work())
    await tasks.close()
    gc.collect()  # where Python would say "never awaited"
    assert begun == []


async def test_a_failure_of_a_single_run_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    async def boom() -> None:
        raise ValueError("boom")

    assert await Tasks("room").once("try", boom()) is False
    assert "room.try failed" in caplog.text


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 0.5, 1), (2, 1, 2), (5, 8, 16), (50, 30, 60)])
def test_back_off_doubles_up_to_a_minute_with_jitter(attempt: int, least: float, most: float) -> None:
    assert all(least <= back_off_s(attempt) <= most for _ in range(200))
