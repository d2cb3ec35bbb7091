"""The browser follows the machine's network, and forgets who does not answer there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from hub.discovery import browser
from hub.discovery.browser import Browser, Heard, addresses_of
from hub.discovery.match import Announcement
from tests.hub.discovery.announcing import announcing, unique_types


@dataclass(slots=True)
class Ear:
    """What the browser told, and the addresses that the machine seems to have."""

    types: tuple[str, str]
    addresses: list[str]
    seen: list[tuple[str, int]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def hear(self, announced: Announcement) -> None:
        self.seen.append((announced.label, announced.port))

    async def until(self, label: str, times: int = 1) -> None:
        """Wait until this device was seen so often."""
        async with asyncio.timeout(10):
            while [name for name, _ in self.seen].count(label) < times:
                await asyncio.sleep(0.01)


@pytest.fixture
async def ear(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ear]:
    made = Ear(unique_types(), ["127.0.0.1"])
    monkeypatch.setattr(browser, "addresses_of", lambda interfaces: list(made.addresses))
    monkeypatch.setattr(browser, "SILENT_AFTER_S", 2.5)  # an answer that was just given is not repeated within a second
    running = Browser(made.types, (), Heard(made.hear, made.gone.append), look_s=0.05)
    await running.start()
    yield made
    await running.stop()


async def test_after_a_change_of_the_network_only_who_answers_there_is_left(ear: Ear) -> None:
    async with announcing() as one, announcing() as two:
        first, second = one.info(ear.types[0], 1, {}), two.info(ear.types[1], 2, {})
        await one.announce(first)
        await two.announce(second)
        await ear.until(first.get_name())
        await ear.until(second.get_name())

        await two.vanish(second)
        ear.addresses = ["127.0.0.1", "127.0.0.2"]
        async with asyncio.timeout(10):
            while not ear.gone:
                await asyncio.sleep(0.01)
        await ear.until(first.get_name(), times=2)
        assert ear.gone == [second.name]


async def test_without_addresses_it_waits_for_some(ear: Ear, caplog: pytest.LogCaptureFixture) -> None:
    ear.addresses = []
    async with asyncio.timeout(5):
        while "no network interface has an IPv4 address" not in caplog.text:
            await asyncio.sleep(0.01)
    ear.addresses = ["127.0.0.1"]
    async with announcing() as device:
        info = device.info(ear.types[0], 1, {})
        await device.announce(info)
        await ear.until(info.get_name())


async def test_nothing_is_opened_when_no_integration_announces_itself() -> None:
    silent = Browser((), ("127.0.0.1",), Heard(lambda _: None, lambda _: None))
    await silent.start()
    assert not [task for task in asyncio.all_tasks() if "zeroconf" in task.get_name()]
    await silent.stop()


@pytest.mark.parametrize(
    ("interfaces", "found"), [(("lo",), True), (("127.0.0.1",), True), (("nosuch0",), False), ((), False)]
)
def test_interfaces_by_name_or_address_and_never_loopback_by_itself(interfaces: tuple[str, ...], found: bool) -> None:
    assert ("127.0.0.1" in addresses_of(interfaces)) is found
