"""What a person types wrong, or where, and when they press Ctrl-C: a sentence each time, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.hub import EVHUB, run, started
from tests.journeys.test_run import quiet_config

pytestmark = pytest.mark.timeout(90)


@pytest.mark.parametrize(
    "words",
    [
        ("order", "--json"),
        ("order", "--json", "charger.stop", "bay-1"),
        ("order", "", "--json"),
        ("order", "..", "--json"),
        ("status", "--json", "--bogus"),
        ("fly", "--json"),
        ("discover", "--json", "--seconds", "nan"),
        ("discover", "--json", "--seconds", "-1"),
    ],
)
def test_wrong_use_is_json_too_where_json_is_asked_for(words: tuple[str, ...]) -> None:
    ended = run(*words)
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["error"]["code"] == "wrong_use"
    assert ended.stderr == ""


@pytest.mark.parametrize("words", [("--speed", "0"), ("--speed", "nan"), ("--duration", "-1"), ("--port", "99999")])
def test_a_demo_with_impossible_numbers_is_wrong_use(words: tuple[str, ...]) -> None:
    assert run("demo", *words).returncode == 2


def test_a_data_folder_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in (("run",), ("demo", "--port", "0", "--ocpp-port", "0", "--mqtt-port", "0")):
        ended = run(*command, "--data", str(tmp_path / "file" / "below"))
        assert ended.returncode == 1
        assert "cannot be used: Not a directory" in ended.stderr
        assert "--data" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_hub_in_a_folder_of_its_own_tells_commands_that_work_there(tmp_path: Path) -> None:
    quiet_config(tmp_path / "two words")
    with started(("run",), tmp_path / "two words", "device.adopt") as hub:
        assert f"evhub discover --data '{hub.data}'" in hub.said[-1]


def test_a_second_hub_names_the_folder_also_where_its_path_is_long(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)  # longer than the path of a socket may be
    quiet_config(folder)
    with started(("run",), folder, "device.adopt"):
        second = run("run", "--data", str(folder))
    assert f"another evhub runs on {folder}" in second.stderr


def test_a_number_stays_what_was_typed(tmp_path: Path) -> None:
    config = quiet_config(tmp_path / "data")
    config.write_text(config.read_text() + "chargers:\n  '1': {integration: ocpp, station: '12E45'}\n")
    with started(("run",), tmp_path / "data", "ws://") as hub:
        away = hub.cli("order", "--json", "charger.set_limit", "charger=1", "limit_a=10")
        assert (
            json.loads(away.stdout)["error"]["code"] == "unreachable"
        )  # a charger called 1 is known, but never dialled
        not_a_number = hub.cli("order", "--json", "charger.set_limit", "charger=1", "limit_a=NaN")
        assert json.loads(not_a_number.stdout)["error"]["code"] == "invalid"  # not null: that would take the limit away
        unknown = hub.cli("order", "--json", "device.adopt", "station=99E45")
        assert "'99E45'" in json.loads(unknown.stdout)["error"]["message"]
        page = next(line for line in hub.said if line.startswith("  page"))
        assert page.startswith("  page  http://127.0.0.1:")


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)], ids=["TERM", "INT-INT"])
@pytest.mark.parametrize("after_s", [1.5, 2.5, 3.5])
def test_a_demo_that_is_stopped_while_it_starts_leaves_nothing(
    tmp_path: Path, signals: tuple[signal.Signals, ...], after_s: float
) -> None:
    ports = ("--port", "0", "--ocpp-port", "0", "--mqtt-port", "0")
    process = subprocess.Popen(
        [EVHUB, "demo", "--site", "two", *ports, "--data", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(after_s)  # noqa: TID251 - looks from outside, at another process
    for number in signals:
        process.send_signal(number)
        time.sleep(0.1)  # noqa: TID251 - a second Ctrl-C, a moment later
    _, trouble = process.communicate(timeout=20)
    assert process.returncode in (0, 130, -signal.SIGTERM), trouble
    assert _of_group(process.pid, tmp_path) == []


def _of_group(leader: int, folder: Path) -> list[str]:
    """What still runs of the demo: in its process group, or with its folder on the command line."""
    left = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            mine = os.getpgid(int(entry.name)) == leader or str(folder) in words
        except (ProcessLookupError, FileNotFoundError):
            continue
        if mine and words and "pytest" not in words and int(entry.name) != os.getpid():
            left.append(words)
    return left


def test_ctrl_c_while_the_modules_are_read_is_no_traceback() -> None:
    program = (
        "import os, signal, sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'hub.app': os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "import hub.cli\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")


def test_ctrl_c_after_the_work_is_done_changes_nothing_of_the_end() -> None:
    program = (
        "import asyncio, os, signal\n"
        "from hub.cli.loop import run_loop\n"
        "from hub.cli.run import until_signal\n"
        "class Last:\n"
        "    def __del__(self, kill=os.kill, me=os.getpid(), number=signal.SIGINT): kill(me, number)\n"
        "run_loop(until_signal(asyncio.sleep(0)))\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "asyncio.last = Last()  # goes when Python has put its modules away, and its own handler of SIGINT\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
