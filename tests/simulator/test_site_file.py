"""Site files: the shipped ones load, and a wrong one is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.site_file import BadSiteFile, load_site

GOOD = """\
name: Test
circuits:
  grid: {limit_a: 32}
  garage: {parent: grid, limit_a: [16, 16, 20]}
cars:
  - {name: car, phases: 3, max_a: 16}
bays:
  bay-1: {circuit: garage}
devices:
  - {kind: ocpp, name: CP01, bays: [bay-1]}
"""


def load(folder: Path, text: str) -> str:
    """What is said of a file with this text."""
    path = folder / "site.yaml"
    path.write_text(text)
    with pytest.raises(BadSiteFile) as wrong:
        load_site(str(path))
    return str(wrong.value)


def test_the_shipped_sites() -> None:
    demo, two = load_site("demo"), load_site("two")
    kinds = [device.kind for device in demo.devices for _ in device.bays or ("meter",)]
    assert {kind: kinds.count(kind) for kind in kinds} == {"ocpp": 8, "openevse": 4, "shelly": 1}
    assert {name: c.limit_a for name, c in demo.circuits.items()} == {"grid": 100, "garage": 40, "yard": 50}
    assert [bay.circuit for bay in demo.bays.values()].count("garage") == 6
    assert {car.phases for car in demo.cars} == {1, 2, 3}
    assert {car.min_a for car in demo.cars} == {6, 8}
    assert len(two.bays) == 2


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD)
    plan = load_site(str(tmp_path / "own.yaml"))
    assert [c.limit_a for c in plan.circuit_plans()] == [(32, 32, 32), (16, 16, 20)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("phases: 3", "phases: 4", "site.yaml:6 cars.0.phases: Input should be 1, 2 or 3"),
        ("limit_a: 32", "limit_a: 32, colour: red", "site.yaml:3 circuits.grid.colour: Extra inputs are not permitted"),
        ("{circuit: garage}", "{circuit: barn}", "bays.bay-1: there is no circuit 'barn'; there are grid, garage"),
        ("parent: grid", "parent: garage", "circuits.garage: parent 'garage' does not lead to 'grid'"),
        ("grid: {", "main: {", "circuits: one must be called 'grid'"),
        ("bays: [bay-1]", "bays: [bay-1, bay-2]", "devices: there is no bay 'bay-2'"),
        ("bays: [bay-1]", "circuit: grid", "bays.bay-1: 0 devices serve it; it needs one"),
        (", bays: [bay-1]", "", "device 'CP01' needs either bays (a charger) or a circuit (a meter)"),
        ("{circuit: garage}", "{circuit: garage, wiring: [L1, L1]}", "site.yaml:8 bays.bay-1: wiring ['L1', 'L1']"),
        ("{circuit: garage}", "{circuit: garage, cars: [bus]}", "bays.bay-1: there is no car 'bus'"),
        ("name: Test", "name: [", "site.yaml: not YAML"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in load(tmp_path, GOOD.replace(old, new, 1))


def test_an_unknown_name_is_told_the_shipped_ones() -> None:
    with pytest.raises(BadSiteFile, match="there is no site file 'nowhere'; the shipped sites are demo, two"):
        load_site("nowhere")
