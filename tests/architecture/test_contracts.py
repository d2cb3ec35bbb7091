"""The import contracts are green on the tree, and red as soon as somebody adds a forbidden import."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, REPOSITORY

ROOMS = "hub: cli, app, config, rooms side by side, web and sdk, core, model and wire"


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_the_tree_keeps_every_contract() -> None:
    ran = lint_imports(REPOSITORY)
    assert ran.returncode == 0, ran.stdout
    assert "0 broken" in ran.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree's packages again, to be trespassed in, with the modules that the trespassers want."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for wanted in ("hub.mqtt", "hub.discovery", "hub.devices", "hub.web", "integrations.one", "integrations.two"):
        add_module(tmp_path, f"{wanted}.wanted", "")
    add_module(tmp_path, "simulator.devices.one", "")
    return tmp_path


def add_module(tree: Path, name: str, text: str) -> None:
    """Add a module, and packages around it where the tree has none yet."""
    file = (tree / name.replace(".", "/")).with_suffix(".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    for folder in file.relative_to(tree).parents:
        (tree / folder / "__init__.py").touch()
    file.write_text(text)


def test_the_copy_keeps_every_contract_before_anybody_trespasses(copy: Path) -> None:
    ran = lint_imports(copy)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(
    ("trespasser", "statement", "contract"),
    [
        ("hub.balance.trespass", "import hub.mqtt", ROOMS),
        ("hub.mqtt.trespass", "from hub.discovery import service", ROOMS),
        ("hub.devices.trespass", "import hub.app", ROOMS),
        ("hub.core.trespass", "from hub import web", ROOMS),
        ("hub.sdk.trespass", "def later():\n    import hub.devices.service", ROOMS),
        ("hub.model.trespass", "import hub.core.bus", ROOMS),
        ("hub.newroom.trespass", "import json", ROOMS),  # a room that no contract lists
        ("hub.balance.trespass", "import simulator", "hub never imports integrations or the simulator by name"),
        ("hub.devices.trespass", "import integrations.one", "hub never imports integrations or the simulator by name"),
        ("integrations.one.trespass", "import hub.core.bus", "integrations see only hub.sdk, hub.wire and hub.model"),
        ("integrations.one.trespass", "import integrations.two", "integrations never see each other"),
        ("integrations.one.trespass", "import simulator.world", "integrations never import the simulator"),
        ("cloud.trespass", "import hub.model.units", "the operator's side knows the wire and nothing else of the hub"),
        ("hub.operators.trespass", "import cloud", "hub never imports integrations or the simulator by name"),
        ("simulator.trespass", "import hub.model.units", "simulator imports nothing of hub or integrations"),
        ("simulator.trespass", "import integrations.one", "simulator imports nothing of hub or integrations"),
        ("simulator.world.trespass", "import simulator.devices", "the simulated world knows no device and no wire"),
        ("integrations.one.trespass", "import ocpp", "both ends of a test never share the OCPP code"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(copy: Path, trespasser: str, statement: str, contract: str) -> None:
    add_module(copy, trespasser, statement)
    ran = lint_imports(copy)
    assert ran.returncode == 1, ran.stdout
    assert f"{contract} BROKEN" in ran.stdout
