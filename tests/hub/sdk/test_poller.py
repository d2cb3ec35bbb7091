"""The poller: contact after each poll, back-off while the device is away, one line in the log for each outage."""

import asyncio
import logging

import aiohttp
import pytest

from hub.sdk import Contact, Link, MeterId, Poller, StationId, Unreachable
from hub.sdk.testing import FakeClock, RecordingStationHost


class Device:
    """Fails with what it is told, and remembers when it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.fails: Exception | None = None
        self.asked_at_s: list[float] = []

    async def poll(self) -> None:
        self.asked_at_s.append(self.clock.monotonic())
        if self.fails is not None:
            raise self.fails


async def test_it_asks_at_its_interval_and_backs_off_while_nobody_answers() -> None:
    clock = FakeClock()
    device = Device(clock)
    async with RecordingStationHost(StationId("S1"), clock=clock) as host:
        host.tasks.keep("poll", Poller(host, device.poll, interval_s=2, longest_pause_s=8).run)
        await clock.advance(5)
        assert device.asked_at_s == [0, 2, 4]
        device.fails = OSError("no route")
        await clock.advance(120)
        pauses = [b - a for a, b in zip(device.asked_at_s[3:], device.asked_at_s[4:], strict=False)]
        assert 1 <= pauses[0] <= 2  # half of each pause is jitter
        assert max(pauses) <= 8
        assert min(pauses[3:]) >= 4
        device.fails = None
        await clock.advance(8)
        assert [contact.link for contact in host.contacts] == [Link.UP, Link.DOWN, Link.UP]


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (Unreachable("it asks for a password", "set one"), "it asks for a password; set one"),
        (Unreachable("gone"), "gone"),
        (OSError("no route"), "no route"),
        (ConnectionRefusedError(), "ConnectionRefusedError"),
        (aiohttp.ClientPayloadError("cut short"), "cut short"),
        (TimeoutError(), "no answer within 5 s"),
    ],
)
async def test_the_reason_is_in_words(failure: Exception, why: str) -> None:
    clock = FakeClock()
    device = Device(clock)
    device.fails = failure
    async with RecordingStationHost(StationId("M1"), meter=MeterId("main"), clock=clock) as host:
        host.tasks.keep("poll", Poller(host, device.poll, interval_s=1).run)
        await clock.advance(0.1)
        assert host.of(Contact) == [Contact(at=host.of(Contact)[0].at, link=Link.DOWN, why=why)]


async def test_an_outage_is_one_line_when_it_begins_and_one_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    device = Device(clock)
    caplog.set_level(logging.INFO, "integrations")
    async with RecordingStationHost(StationId("S1"), clock=clock) as host:
        host.tasks.keep("poll", Poller(host, device.poll, interval_s=1, longest_pause_s=2).run)
        device.fails = OSError("no route")
        await clock.advance(60)
        device.fails = None
        await clock.advance(60)
    assert [record.getMessage() for record in caplog.records] == ["does not answer: no route", "answers again"]


async def test_a_poll_that_hangs_is_ended() -> None:
    clock = FakeClock()

    async def hang() -> None:
        await asyncio.Event().wait()

    async with RecordingStationHost(StationId("S1"), clock=clock) as host:
        host.tasks.keep("poll", Poller(host, hang, interval_s=1, deadline_s=0.05).run)
        async with asyncio.timeout(2):
            while not host.contacts:
                await asyncio.sleep(0.01)
        assert host.contacts[0].link is Link.DOWN
