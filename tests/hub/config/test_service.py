"""The configuration of a running hub: edits are noticed, errors keep what counts, orders and editors take turns."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.config import drawing as drawing_file
from hub.config import load as loading
from hub.config.drawing import FileDrawing
from hub.config.load import Loaded, load
from hub.config.schema import Config
from hub.config.service import LOOK_S, SETTLE_S, Configuration, Parts
from hub.config.wishes import adoption
from hub.core.bus import Bus
from hub.core.documents import Documents
from hub.core.orders import Caller, Envelope, Orders, Reply
from hub.core.state import Picture
from hub.model.candidate import Candidate, Confidence, Kind
from hub.model.errors import Refused
from hub.model.facts import DeviceAdopted, DeviceReplaced, DeviceRetired, DrawingChanged, Event, Fact
from hub.model.ids import ChargerId, StationId
from hub.model.person import EVERYBODY
from hub.sdk.testing import FakeClock, until
from tests.stores import store

FILE = """\
site: {name: Garage}
grid: {limit_a: 25}   # the fuse
chargers:
  bay-1: {integration: demodial, station: CP-1, name: Door}
  bay-2: {integration: demobox, station: B-2}
"""
ME = Caller("test", "test", EVERYBODY)


@dataclass(slots=True)
class Running:
    """A watched file, and what came of it."""

    file: Path
    clock: FakeClock
    bus: Bus
    orders: Orders
    documents: Documents
    drawing: FileDrawing
    configuration: Configuration
    here: dict[str, Candidate] = field(default_factory=dict)
    told: list[Fact] = field(default_factory=list)
    settings: list[Config] = field(default_factory=list)

    async def hear(self, fact: Fact) -> None:
        self.told.append(fact)

    async def order(self, order: str, **args: object) -> Reply:
        """Give an order; time passes until it is answered."""
        answer = asyncio.create_task(self.orders.answer(Envelope(order, args), ME))
        while not answer.done():
            await self.clock.advance(0.1)
            await asyncio.sleep(0.001)  # the file is read in a thread
        await self.bus.drained()
        return answer.result()

    async def looks(self, number: int) -> None:
        """So many looks at the file, and what follows from each."""
        for _ in range(number):
            await self.clock.advance(LOOK_S)
            async with self.drawing._writing:  # the file is read in a thread
                pass
            await self.clock.advance(0)
        await self.bus.drained()

    def state(self) -> tuple[object, object]:
        state = self.configuration.state()
        return state["problems"], state["needs_restart"]

    def events(self) -> list[Event]:
        return [fact for fact in self.told if isinstance(fact, Event)]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    file = tmp_path / "config.yaml"
    file.write_text(FILE)
    clock, bus, loaded = FakeClock(), Bus(), load(file)
    orders, picture = Orders(clock), Picture(loaded.site)
    drawing = FileDrawing(loaded, picture, bus)
    here: dict[str, Candidate] = {}

    class Present:
        def here(self, station: StationId) -> Candidate | None:
            return here.get(station.casefold())

    async with store(tmp_path, clock, bus.deliver) as database:
        documents = Documents(database, clock)
        configuration = Configuration(drawing, Parts(bus, orders, clock, documents), Present())
        made = Running(file, clock, bus, orders, documents, drawing, configuration, here)
        await configuration.start()
        await bus.drained()
        bus.listen("test", (DrawingChanged, Event), made.hear)
        drawing.on_settings(made.settings.append)
        yield made
        await configuration.stop()
        await bus.close()


async def test_an_edit_counts_when_the_file_has_been_the_same_for_two_looks(running: Running) -> None:
    running.file.write_text(FILE.replace("limit_a: 25", "limit_a: 16"))
    await running.looks(1)
    assert running.drawing.site.grid.limit_a.l1 == 25
    await running.looks(1)
    assert running.drawing.site.grid.limit_a.l1 == 16
    assert running.told == [DrawingChanged()]
    assert [config.grid.limit_a.l1 for config in running.settings] == [16]
    await running.looks(3)
    assert len(running.told) == 1  # read once


async def test_a_file_that_is_written_in_two_steps_is_not_read_in_between(running: Running) -> None:
    await running.looks(1)
    with running.file.open("w") as editor:  # emptied, and filled later
        await running.looks(1)
        editor.write(FILE.replace("Garage", "Yard"))
        editor.flush()
        await running.looks(1)
        assert running.state() == (0, [])
        assert running.drawing.site.name == "Garage"
    await running.looks(2)
    assert running.drawing.site.name == "Yard"
    assert running.events() == []


async def test_an_empty_file_is_no_empty_configuration(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    running.file.write_text("")
    await running.looks(4)
    assert running.state() == (1, [])
    assert set(running.drawing.site.chargers) == {"bay-1", "bay-2"}
    assert [record.levelname for record in caplog.records if "the file is empty" in record.message] == ["ERROR"]


async def test_a_file_with_errors_keeps_everything_and_is_told_once(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = running.drawing.site
    wrong = FILE.replace("25", "25A").replace("station: B-2", "station: [B-2]")
    running.file.write_text(wrong)
    await running.looks(3)
    running.file.write_text(wrong + "\n")  # saved again, as wrong as before
    await running.looks(3)
    assert running.state() == (2, [])
    assert running.drawing.site is before
    assert running.told == []
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    reply = await running.order("config.reload")
    assert reply.error is not None
    assert reply.error.code == "bad_config"
    assert f"{running.file}:2" in reply.error.message
    assert "Write 25." in reply.error.message
    assert reply.error.next == "repair the file; until then the hub goes on with what it had"
    running.file.write_text(FILE)
    await running.looks(2)
    assert running.state() == (0, [])
    assert caplog.records[-1].message.endswith("is in order again")
    assert running.told == []


async def test_a_file_that_is_gone_is_missed_and_taken_again(running: Running) -> None:
    away = running.file.rename(running.file.with_name("away"))
    await running.looks(2)
    assert running.state() == (1, [])
    assert set(running.drawing.site.chargers) == {"bay-1", "bay-2"}
    refused = await running.order("device.rename", device="bay-1", name="x")
    assert refused.error is not None
    assert refused.error.next == "put the file back; the hub goes on without it"
    away.rename(running.file)
    await running.looks(2)
    assert running.state() == (0, [])
    assert running.told == []


async def test_what_needs_a_restart_is_named_until_then_and_not_applied(running: Running) -> None:
    running.file.write_text(FILE.replace("Garage", "Yard") + "web: {port: 81}\ndemodial: {port: 9}\n")
    reply = await running.order("config.reload")
    assert reply.result is not None
    assert sorted(reply.result["changed"]) == ["demodial.port", "site.name", "web.port"]  # type: ignore[call-overload]
    assert reply.result["needs_restart"] == ["web.port", "demodial.port"]
    again = await running.order("config.reload")
    assert again.result is not None
    assert (again.result["changed"], running.state()) == ([], (0, ["web.port", "demodial.port"]))
    running.file.write_text(FILE)
    await running.order("config.reload")
    assert running.state() == (0, [])


async def test_a_file_that_somebody_writes_without_end_is_not_read(running: Running) -> None:
    async def typing() -> None:
        while True:
            with running.file.open("a") as editor:
                editor.write("# and so on\n")
            await running.clock.sleep(0.1)

    editor = asyncio.create_task(typing())
    reply = await running.order("config.reload")
    editor.cancel()
    assert reply.error is not None
    assert reply.error.message.endswith("is being edited at this moment")


# orders


async def test_a_device_is_renamed_replaced_and_retired(running: Running) -> None:
    at = running.clock.now()
    running.here["cp-9"] = Candidate(
        integration="demodial",
        kind=Kind.CHARGER,
        station=StationId("CP-9"),
        address=None,
        confidence=Confidence.SURE,
        seen_at=at,
    )
    renamed = await running.order("device.rename", device="bay-1", name="Lift")
    assert renamed.result == {"device": "bay-1", "name": "Lift"}
    replaced = await running.order("device.replace", device="bay-1", station="cp-9")  # typed off its label
    assert replaced.result == {"devices": ["bay-1"], "before": "CP-1", "station": "CP-9"}
    retired = await running.order("device.retire", device="bay-2")
    assert retired.result == {"devices": ["bay-2"], "station": "B-2"}
    assert (
        running.file.read_text()
        == """\
site: {name: Garage}
grid: {limit_a: 25}   # the fuse
chargers:
  bay-1: {integration: demodial, station: CP-9, name: Lift}
"""
    )
    facts = [(type(fact), getattr(fact, "device", None)) for fact in running.events()]
    assert facts == [(DeviceReplaced, "bay-1"), (DeviceRetired, "bay-2")]
    running.told.clear()
    await running.looks(3)
    assert running.told == []  # its own writing is no edit


async def test_devices_that_come_by_an_edit_are_told_too(running: Running) -> None:
    running.file.write_text(FILE + "  bay-3: {integration: demobox, station: B-3}\n")
    await running.order("config.reload")
    [fact] = running.events()
    assert fact == DeviceAdopted(at=fact.at, kind=Kind.CHARGER, device=ChargerId("bay-3"), station=StationId("B-3"))


async def test_what_was_edited_while_the_hub_was_off_is_told_at_its_start(running: Running) -> None:
    await running.configuration.stop()
    running.file.write_text(FILE.replace("CP-1", "CP-9").partition("  bay-2")[0])
    for expected in ([(DeviceRetired, "bay-2"), (DeviceReplaced, "bay-1")], []):  # once, not at every start
        orders, loaded = Orders(running.clock), load(running.file)
        drawing = FileDrawing(loaded, Picture(loaded.site), running.bus)
        parts = Parts(running.bus, orders, running.clock, running.documents)
        again = Configuration(drawing, parts, running.configuration._present)
        await again.start()
        await running.bus.drained()
        await again.stop()
        assert [(type(fact), getattr(fact, "device", None)) for fact in running.events()] == expected
        assert drawing.retired == {"bay-2"}
        running.told.clear()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ({"station": "CP-9"}, "not_found", "no device 'CP-9' was found"),
        ({}, "invalid", "station: which device takes over?"),
        ({"station": "CP-9", "options": {"name": "x"}}, "invalid", "options: name is no option of the integration"),
        ({"station": "CP-9", "integration": "demomete"}, "invalid",
         "integration: there is no integration 'demomete'"),
        ({"station": "CP-9", "integration": "demodial", "host": "10.0.0.7"}, "invalid",
         "host: this device dials in; the hub never asks for its address"),
    ],
)  # fmt: skip
async def test_a_newcomer_that_cannot_be_changes_nothing(
    running: Running, args: dict[str, object], code: str, message: str
) -> None:
    reply = await running.order("device.replace", device="bay-1", **args)
    assert reply.error is not None
    assert (reply.error.code, reply.error.message) == (code, message)
    assert reply.error.next
    assert running.file.read_text() == FILE


async def test_one_that_is_not_here_yet_is_typed_in(running: Running) -> None:
    reply = await running.order("device.replace", device="bay-1", station="CP-9", integration="demodial")
    assert reply.ok
    assert running.drawing.site.chargers[ChargerId("bay-1")].station == "CP-9"


async def test_two_orders_at_the_same_moment_take_turns(running: Running) -> None:
    replies = await asyncio.gather(
        running.order("device.rename", device="bay-1", name="A"),
        running.order("device.rename", device="bay-2", name="B"),
        running.order("config.reload"),
        running.order("device.retire", device="bay-1"),
    )
    assert all(reply.ok for reply in replies)
    assert running.file.read_text().endswith("chargers:\n  bay-2: {integration: demobox, station: B-2, name: B}\n")


async def test_an_edit_between_the_reading_and_the_writing_is_not_lost(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody saves while the hub checks its own change: his file stays, and the order is refused."""
    theirs = FILE.replace("Garage", "Yard")
    checks = 0

    def load_text(text: str, path: Path, manifests: object) -> Loaded:
        nonlocal checks
        checks += 1
        if checks == 2:
            running.file.write_text(theirs)
        return loading.load_text(text, path, manifests)  # type: ignore[arg-type]

    monkeypatch.setattr(drawing_file, "load_text", load_text)
    with pytest.raises(Refused, match="is being edited at this moment"):
        await running.drawing.change(lambda now: adoption(_box("B-3"), {}, now))
    assert running.file.read_text() == theirs
    await running.looks(2)
    assert running.drawing.site.name == "Yard"


def _box(station: str) -> Candidate:
    return Candidate(
        integration="demobox",
        kind=Kind.CHARGER,
        station=StationId(station),
        address=None,
        confidence=Confidence.SURE,
        seen_at=FakeClock().now(),
    )


async def test_a_reload_by_signal_says_in_the_log_what_came_of_it(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running.file.write_text(FILE.replace("25", "20"))
    running.configuration.reload_soon()
    await running.clock.advance(SETTLE_S)
    await until(lambda: "new is: grid.limit_a" in caplog.text)
    running.file.write_text("grid: {")
    running.configuration.reload_soon()
    await running.clock.advance(SETTLE_S)
    await until(lambda: "this is not YAML" in caplog.text)
    assert running.drawing.site.grid.limit_a.l1 == 20
