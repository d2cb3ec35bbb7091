"""Adoption: the file first, with nothing of it lost, then the live drawing; one at a time."""

import asyncio
import difflib
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.config.drawing import FileDrawing
from hub.config.load import load
from hub.core.bus import Bus
from hub.core.state import Picture
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.errors import Invalid, Refused
from hub.model.facts import DrawingChanged, Fact
from hub.model.ids import ChargerId, MeterId, StationId
from hub.model.units import Phase

COMMENTED = """\
# my garage
site:  { name: "Garage" }      # as on the sign

grid:
    limit_a:   25   # the main fuse
    # breaker_a: 32

circuits:
    garage: {limit_a: 16}    # the cellar

chargers:
    # the first one
    bay-1:
        integration: demodial
        station: 'CP-1'   # as printed

    # later: bay-2

# the end
"""


@dataclass(slots=True)
class Adopting:
    """A drawing over a real file, and what it told."""

    file: Path
    bus: Bus
    picture: Picture
    drawing: FileDrawing
    told: list[Fact] = field(default_factory=list)

    async def hear(self, fact: Fact) -> None:
        self.told.append(fact)

    def added(self, before: str = COMMENTED) -> list[str]:
        """The new lines; asserts that nothing else of the file changed."""
        after = self.file.read_bytes().decode().splitlines(keepends=True)
        changes = [line for line in difflib.ndiff(before.splitlines(keepends=True), after) if line[0] != " "]
        assert {line[0] for line in changes} <= {"+"}
        return [line[2:].rstrip("\r\n") for line in changes]


@pytest.fixture
async def adopting(tmp_path: Path) -> AsyncIterator[Adopting]:
    file = tmp_path / "config.yaml"
    file.write_text(COMMENTED)
    bus, loaded = Bus(), load(file)
    picture = Picture(loaded.site)
    made = Adopting(file, bus, picture, FileDrawing(loaded, picture, bus))
    bus.listen("test", (DrawingChanged,), made.hear)
    yield made
    await bus.close()


CANDIDATE = Candidate(
    integration="demobox",
    kind=Kind.CHARGER,
    station=StationId("00123"),
    address=Address("10.0.0.5", 80),
    confidence=Confidence.SURE,
    seen_at=datetime(2026, 3, 1, tzinfo=UTC),
)
METER = replace(CANDIDATE, integration="demometer", kind=Kind.METER, station=StationId("m-1"))
DIALS_IN = replace(CANDIDATE, integration="demodial", station=StationId("CP-1"), address=None)


async def test_a_charger_comes_into_the_file_and_into_the_picture(adopting: Adopting) -> None:
    assert not adopting.drawing.knows(StationId("00123"))
    assert await adopting.drawing.adopt(CANDIDATE, {}) == "bay-2"
    assert adopting.added() == [
        "    bay-2:",
        "        integration: demobox",
        '        station: "00123"',
        "        circuit: grid",
    ]
    assert adopting.drawing.knows(StationId("00123"))
    assert adopting.drawing.knows(StationId("00123"), 1)
    assert not adopting.drawing.knows(StationId("00123"), 2)
    assert adopting.picture.site is adopting.drawing.site
    assert adopting.picture.site.chargers[ChargerId("bay-2")].station == "00123"
    assert adopting.drawing.entries[StationId("00123")].address is None  # it follows what is announced
    assert load(adopting.file).site == adopting.drawing.site
    await adopting.bus.drained()
    assert adopting.told == [DrawingChanged()]


async def test_every_wish_is_written(adopting: Adopting) -> None:
    wishes = {
        "id": "nine", "name": "Bay 9", "connector": 2, "circuit": "garage", "phases": ("L2", "L3", "L1"),
        "max_a": 16.0, "min_a": 8.0, "priority": 3, "fallback_a": 0.0, "interval_s": 1.5, "host": "10.0.0.5",
        "password": "p: #",
    }  # fmt: skip
    assert await adopting.drawing.adopt(CANDIDATE, wishes) == "nine"
    assert adopting.added() == [
        "    nine:",
        "        integration: demobox",
        '        station: "00123"',
        "        connector: 2",
        "        name: Bay 9",
        "        circuit: garage",
        "        phases: [L2, L3, L1]",
        "        max_a: 16",
        "        min_a: 8",
        "        priority: 3",
        "        fallback_a: 0",
        "        interval_s: 1.5",
        '        host: "10.0.0.5"',
        '        password: "p: #"',
    ]
    charger = adopting.picture.site.chargers[ChargerId("nine")]
    assert (charger.connector, charger.phases) == (2, (Phase.L2, Phase.L3, Phase.L1))
    entry = adopting.drawing.entries[StationId("00123")]
    assert entry.config.model_dump() == {"interval_s": 1.5, "password": "p: #"}
    assert entry.address == Address("10.0.0.5", 8000)


async def test_a_meter_is_main_and_measures_the_grid(adopting: Adopting) -> None:
    assert await adopting.drawing.adopt(METER, {}) == "main"
    assert adopting.added() == [
        "    meter: main",
        "",
        "meters:",
        "    main:",
        "        integration: demometer",
        "        station: m-1",
    ]
    assert adopting.picture.site.grid.meter == "main"

    with pytest.raises(Refused, match="'grid' is measured by main already") as refused:
        await adopting.drawing.adopt(replace(METER, station=StationId("m-2")), {})
    assert refused.value.next == "say which circuit it measures: circuit=garage"
    assert await adopting.drawing.adopt(replace(METER, station=StationId("m-2")), {"circuit": "garage"}) == "meter-1"
    assert "garage: {limit_a: 16, meter: meter-1}    # the cellar" in adopting.file.read_text()
    assert {id: meter.station for id, meter in adopting.picture.site.meters.items()} == {
        "main": "m-1",
        "meter-1": "m-2",
    }
    assert adopting.drawing.knows(StationId("m-2"))


async def test_the_outlets_of_a_station_come_one_by_one(adopting: Adopting) -> None:
    station = replace(DIALS_IN, station=StationId("CP-2"), connectors=2)
    assert [await adopting.drawing.adopt(station, {}), await adopting.drawing.adopt(station, {})] == ["bay-2", "bay-3"]
    assert [line.strip() for line in adopting.added() if "connector" in line] == ["connector: 1", "connector: 2"]
    with pytest.raises(Refused) as refused:
        await adopting.drawing.adopt(station, {})
    assert refused.value.next == "nothing is left to do: all its connectors are in"


async def test_an_outlet_that_the_station_does_not_have_is_refused(adopting: Adopting) -> None:
    station = replace(DIALS_IN, station=StationId("CP-2"), connectors=2)
    with pytest.raises(Invalid) as refused:
        await adopting.drawing.adopt(station, {"connector": 3})
    assert (refused.value.message, refused.value.next) == (
        "connector: CP-2 has 2 connectors, and no 3",
        "say connector=1 or connector=2",
    )
    await adopting.drawing.adopt(station, {"connector": 2})
    with pytest.raises(Refused) as again:
        await adopting.drawing.adopt(station, {"connector": 2})
    assert again.value.next == "say connector=1"


@pytest.mark.parametrize(
    ("candidate", "wishes", "error", "message", "step"),
    [
        (DIALS_IN, {}, Refused, "CP-1 is in the configuration already, as bay-1",
         "nothing is left to do; for a further outlet of it say connector=2"),
        (replace(DIALS_IN, station=StationId("cp-1")), {}, Refused,
         "bay-1 is this device, but it calls itself 'cp-1' and not 'CP-1'",
         "write station: cp-1 there"),
        (CANDIDATE, {"id": "bay-1"}, Refused, "the id 'bay-1' is in use", "choose another, or leave it out"),
        (CANDIDATE, {"circuit": "garge"}, Invalid, "circuit: there is no circuit 'garge'", "Did you mean 'garage'?"),
        (CANDIDATE, {"phases": ["L4"]}, Invalid, "phases: 'L4' is none of L1, L2, L3", "Write L1 or L2 or L3."),
        (CANDIDATE, {"max_a": 4.0}, Invalid, "max_a: 4 is less than 6", "Write 6 or more."),
        (CANDIDATE, {"colour": "red"}, Invalid, "colour: no such key",
         "The keys here are: interval_s, password, integration, station, host, port, name, connector, circuit, phases, "
         "connection, min_a, max_a, priority, weight, fallback_a, keeps_limit."),
        (CANDIDATE, {"id": "Bay 2"}, Invalid,
         "chargers.Bay 2: 'Bay 2' cannot be an id: it is part of MQTT topics, "
         "so at most 40 lower-case letters, digits, - and _", "Write bay-2, and the pretty name under 'name'."),
        (METER, {"circuit": "cellar"}, Invalid, "circuit: there is no circuit 'cellar'",
         "The circuits are: grid, garage."),
        (METER, {"max_a": 16}, Invalid, "max_a: no such key",
         "The keys here are: interval_s, password, integration, station, host, port, name."),
        (replace(CANDIDATE, integration="other"), {}, Invalid, "integration: there is no integration 'other'",
         "The integrations are: demobox, demodial, "),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_and_nothing_changes(
    adopting: Adopting, candidate: Candidate, wishes: dict[str, object], error: type[Exception], message: str, step: str
) -> None:
    before = adopting.picture.site
    with pytest.raises(error) as refused:
        await adopting.drawing.adopt(candidate, wishes)
    assert refused.value.message == message  # type: ignore[attr-defined]
    assert refused.value.next.startswith(step)  # type: ignore[attr-defined]
    assert adopting.file.read_text() == COMMENTED
    assert adopting.picture.site is before
    assert adopting.told == []


async def test_the_id_of_a_retired_device_is_for_who_asks_for_it(adopting: Adopting) -> None:
    adopting.drawing.retired = frozenset({"bay-2", "main"})
    assert await adopting.drawing.adopt(CANDIDATE, {}) == "bay-3"
    assert await adopting.drawing.adopt(METER, {}) == "meter-1"
    assert await adopting.drawing.adopt(replace(CANDIDATE, station=StationId("x")), {"id": "bay-2"}) == "bay-2"


async def test_two_at_once_take_turns(adopting: Adopting) -> None:
    many = [replace(CANDIDATE, station=StationId(f"s{n}")) for n in range(5)]
    ids = await asyncio.gather(*(adopting.drawing.adopt(candidate, {}) for candidate in many))
    assert ids == ["bay-2", "bay-3", "bay-4", "bay-5", "bay-6"]
    assert len(load(adopting.file).site.chargers) == 6
    assert len(adopting.added()) == 5 * 4


async def test_what_somebody_wrote_meanwhile_is_kept_and_counts(adopting: Adopting) -> None:
    edited = COMMENTED.replace("limit_a:   25", "limit_a: 20").replace(
        "# later: bay-2", "bay-2: {integration: demobox, station: x}"
    )
    adopting.file.write_text(edited)
    assert await adopting.drawing.adopt(CANDIDATE, {}) == "bay-3"
    assert len(adopting.added(edited)) == 4
    assert adopting.picture.site.grid.limit_a.l1 == 20
    assert set(adopting.picture.site.chargers) == {"bay-1", "bay-2", "bay-3"}


async def test_a_file_with_a_mistake_in_it_is_left_alone(adopting: Adopting) -> None:
    broken = COMMENTED.replace("25", "25A")
    adopting.file.write_text(broken)
    with pytest.raises(Refused, match=r"config.yaml:5 grid.limit_a '25A' is no current$") as refused:
        await adopting.drawing.adopt(CANDIDATE, {})
    assert refused.value.next == "repair it (evhub check-config), then try again"
    assert adopting.file.read_text() == broken


async def test_a_file_that_is_gone_is_not_made_anew(adopting: Adopting) -> None:
    adopting.file.unlink()
    with pytest.raises(Refused, match="cannot be read"):
        await adopting.drawing.adopt(CANDIDATE, {})
    assert not adopting.file.exists()


async def test_a_file_that_cannot_be_added_to_is_left_alone(adopting: Adopting) -> None:
    odd = "grid: {limit_a: 25}\nchargers: {bay-1: {integration: demodial, station: CP-1} # why\n}\n"
    adopting.file.write_text(odd)
    with pytest.raises(Refused, match="cannot be changed safely") as refused:
        await adopting.drawing.adopt(CANDIDATE, {})
    assert refused.value.next.startswith("write it yourself: chargers: {bay-2: {integration: demobox, station: 00123")
    assert adopting.file.read_text() == odd


async def test_rights_and_links_stay(adopting: Adopting) -> None:
    real = adopting.file.rename(adopting.file.with_name("real.yaml"))
    adopting.file.symlink_to(real)
    real.chmod(0o640)
    await adopting.drawing.adopt(CANDIDATE, {})
    assert adopting.file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "bay-2" in real.read_text()
    assert sorted(os.listdir(real.parent)) == ["config.yaml", "real.yaml"]  # nothing is left behind


async def test_a_folder_that_cannot_be_written_refuses(adopting: Adopting) -> None:
    (adopting.file.parent / ".config.yaml.new").mkdir()  # stands where the new file is to be written
    with pytest.raises(Refused, match=r"config\.yaml cannot be written: Is a directory"):
        await adopting.drawing.adopt(CANDIDATE, {})
    assert adopting.file.read_text() == COMMENTED


async def test_the_first_meter_may_have_a_name_of_its_own(adopting: Adopting) -> None:
    assert await adopting.drawing.adopt(METER, {"id": "cellar", "name": "Cellar", "circuit": "garage"}) == "cellar"
    assert adopting.picture.site.circuits["garage"].meter == "cellar"  # type: ignore[index]
    assert adopting.picture.site.meters[MeterId("cellar")].name == "Cellar"
