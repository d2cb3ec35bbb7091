"""The wheel alone is the product: in an empty folder and a fresh environment it has all it needs.

The environment gets the locked versions. What `make setup` has fetched lies in uv's cache, so this is quick.
"""

import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import hub
from tests.architecture.tree import PACKAGES, REPOSITORY, tracked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

UV = str(Path(sys.executable).with_name("uv"))


def run(*command: str, cwd: Path) -> str:
    """Run a program to its end, as a stranger's shell would; its output. Fails the test when the program fails."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ran = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    dist = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), ".", cwd=REPOSITORY)
    (built,) = dist.glob("evhub-*.whl")
    return built


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel with the extra `demo` in an environment of its own, and an empty folder to stand in."""

    bin: Path
    folder: Path

    def evhub(self, *arguments: str) -> str:
        return run(str(self.bin / "evhub"), *arguments, cwd=self.folder)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("stranger")
    python = str(place / "venv" / "bin" / "python")
    run(UV, "venv", "--quiet", "--python", sys.executable, str(place / "venv"), cwd=place)
    locked = ["--constraint", str(REPOSITORY / "requirements" / "dev.lock")]
    run(UV, "pip", "install", "--quiet", "--python", python, *locked, f"evhub[demo] @ {wheel.as_uri()}", cwd=place)
    (place / "empty").mkdir()
    return Installed(bin=place / "venv" / "bin", folder=place / "empty")


def test_everything_of_the_product_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert "simulator/__main__.py" in inside
    assert set(tracked(*PACKAGES)) <= inside
    shipped = {f"hub/_shipped/{name}" for name in tracked("config.yaml", "blueprints")}
    assert shipped <= inside
    assert "hub/_shipped/config.yaml" in shipped


def test_the_pages_are_inside_as_they_were_built(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    shell = zipfile.ZipFile(wheel).read("hub/web/static/app/index.html").decode()
    named = re.findall(r'(?:src|href)="/static/(app/[^"]+)"', shell)
    assert len(named) >= 4
    assert {f"hub/web/static/{name}" for name in named} <= inside


def test_nothing_else_is_inside(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {*PACKAGES, f"evhub-{hub.__version__}.dist-info"}


def test_the_installed_command_says_its_version(installed: Installed) -> None:
    assert hub.__version__ in installed.evhub("--version")


def test_the_shipped_configuration_is_sound_where_it_is_installed(installed: Installed) -> None:
    where = "from hub.config.shipped import shipped; print(shipped('config.yaml'))"
    shipped = run(str(installed.bin / "python"), "-c", where, cwd=installed.folder).strip()
    assert Path(shipped).is_relative_to(installed.bin.parent)
    installed.evhub("check-config", "--config", shipped)


def test_the_installed_packages_are_those_of_the_wheel(installed: Installed) -> None:
    where = "import hub, integrations, simulator; print(hub.__file__, integrations.__file__, simulator.__file__)"
    found = run(str(installed.bin / "python"), "-c", where, cwd=installed.folder).split()
    assert [path for path in found if not Path(path).is_relative_to(installed.bin.parent)] == []


@pytest.mark.needs_mosquitto
def test_the_installed_demo_charges_cars(installed: Installed) -> None:
    ports = ("--port", "0", "--ocpp-port", "0", "--mqtt-port", "0")
    said = installed.evhub("demo", *ports, "--duration", "20", "--seed", "7")
    charged = re.search(r"([\d.]+) kWh charged", said)
    assert charged, said
    assert float(charged.group(1)) > 0
    assert said.count("above its limit") == 3
    assert "Traceback" not in said
