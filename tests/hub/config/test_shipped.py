"""The shipped configuration starts as it is, and is placed once."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

import hub
from hub.config.load import load
from hub.config.shipped import place_config, shipped
from tests.architecture.tree import REPOSITORY

BLUEPRINTS = sorted((REPOSITORY / "blueprints" / "site").glob("*.yaml"))


def test_the_shipped_file_has_no_problem_and_no_charger() -> None:
    loaded = load(shipped("config.yaml"))
    assert loaded.problems == ()
    assert (loaded.site.chargers, loaded.site.meters) == ({}, {})
    assert loaded.config.discovery.enabled
    assert loaded.config.mqtt.enabled


def test_its_commented_lines_are_good_too(tmp_path: Path) -> None:
    """Whoever takes the # away before a key gets what it says. The broker's line alone is a choice."""
    lines = shipped("config.yaml").read_text().splitlines()
    file = tmp_path / "config.yaml"
    file.write_text("\n".join(uncommented(line) for line in lines))
    loaded = load(file)
    assert list(loaded.site.chargers) == ["bay-1"]
    assert list(loaded.site.circuits) == ["grid", "garage"]
    assert loaded.site.grid.meter == "main"
    assert loaded.config.public_url == "https://garage.example"


def uncommented(line: str) -> str:
    """`  # key: value` without its mark; prose stays a comment."""
    indent, mark, text = line.partition("# ")
    is_key = mark and not indent.strip() and ":" in text and " " not in text.partition(":")[0].strip()
    return f"{indent}{text}" if is_key else line


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda file: file.stem)
def test_a_blueprint_has_no_problem(blueprint: Path) -> None:
    assert load(blueprint).problems == ()


@pytest.mark.parametrize("name", [blueprint.stem for blueprint in BLUEPRINTS])
def test_a_drawing_for_the_simulator_is_the_simulator_s_site(name: str) -> None:
    simulated = YAML(typ="safe", pure=True).load((REPOSITORY / "simulator" / "sites" / f"{name}.yaml").read_text())
    site = load(REPOSITORY / "blueprints" / "site" / f"{name}.yaml").site
    assert site.name == simulated["name"]
    drawn = {str(id): (circuit.parent, circuit.limit_a.l1) for id, circuit in site.circuits.items()}
    assert drawn == {id: (plan.get("parent"), plan["limit_a"]) for id, plan in simulated["circuits"].items()}


def test_the_file_is_placed_once_and_never_overwritten(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    assert place_config(data) == data / "config.yaml"
    assert (data / "config.yaml").read_bytes() == (REPOSITORY / "config.yaml").read_bytes()
    (data / "config.yaml").write_text("mine")
    place_config(data)
    assert (data / "config.yaml").read_text() == "mine"
    assert [file.name for file in data.iterdir()] == ["config.yaml"]


def test_what_an_installed_evhub_brings_is_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "hub"
    (package / "_shipped" / "blueprints").mkdir(parents=True)
    monkeypatch.setattr(hub, "__file__", str(package / "__init__.py"))
    assert shipped("blueprints") == package / "_shipped" / "blueprints"
    with pytest.raises(FileNotFoundError, match="did not come with this installation"):
        shipped("config.yaml")
