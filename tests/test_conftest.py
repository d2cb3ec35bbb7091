"""The shared fixtures keep their promises: a broker that answers, and no test that vanishes silently."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Mosquitto

CONFTEST = Path(__file__).with_name("conftest.py")
HIDE_PROGRAMS = "import shutil\nshutil.which = lambda *_, **__: None\n"
ONE_OF_EACH = """
import pytest

def test_plain(): ...

@pytest.mark.needs_chromium
def test_page(): ...

def test_broker(mosquitto): ...
"""


def test_the_broker_keeps_a_retained_message(mosquitto: Mosquitto) -> None:
    address = ["-h", mosquitto.host, "-p", str(mosquitto.port), "-t", "a/b"]
    subprocess.run(["mosquitto_pub", *address, "-m", "7 A", "-r", "-q", "1"], check=True)
    heard = subprocess.run(["mosquitto_sub", *address, "-C", "1", "-W", "5"], check=True, capture_output=True)
    assert heard.stdout == b"7 A\n"


def run_without_programs(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run three tests in a folder of their own, with a `shutil.which` that finds no program."""
    (folder / "conftest.py").write_text(HIDE_PROGRAMS + CONFTEST.read_text())
    (folder / "test_some.py").write_text(ONE_OF_EACH)
    markers = (
        "[pytest]\nmarkers =\n  needs_mosquitto: x\n  needs_chromium: x\nasyncio_default_fixture_loop_scope=function\n"
    )
    (folder / "pytest.ini").write_text(markers)
    clean = {name: value for name, value in os.environ.items() if name != "EVHUB_ALL_TESTS"}
    command = [sys.executable, "-m", "pytest", "-q", *options]
    return subprocess.run(command, cwd=folder, env=clean | environment, capture_output=True, text=True, check=False)


def test_what_needs_a_missing_program_is_deselected_and_listed(tmp_path: Path) -> None:
    ran = run_without_programs(tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert "1 passed, 2 deselected" in ran.stdout
    assert (
        "deselected for missing programs: 1 for needs_chromium (chromium); "
        "1 for needs_mosquitto (mosquitto, mosquitto_sub, mosquitto_pub)" in ran.stdout
    )


def test_the_list_survives_workers(tmp_path: Path) -> None:
    ran = run_without_programs(tmp_path, "-n", "1", EVHUB_ALL_TESTS="1")
    assert "deselected for missing programs: 1 for needs_chromium" in ran.stdout
    assert ran.returncode == 1


def test_in_ci_a_missing_program_fails_the_run(tmp_path: Path) -> None:
    ran = run_without_programs(tmp_path, EVHUB_ALL_TESTS="1")
    assert "1 passed, 2 deselected" in ran.stdout
    assert ran.returncode == 1
