"""The room is killed at random while a charger talks to it; what it had not answered is sent again, as chargers do."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import REPOSITORY

CHARGES, KILLS = 40, 8
BEGAN = datetime.now(UTC) - timedelta(days=3)


class Mortal:
    """The process, as a charger sees it: it answers, or it is dead."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.hub.sessions.mortal", str(folder)]
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._answer() == "ready"

    def ask(self, said: dict[str, object]) -> Any:
        """Its answer. Raises ConnectionError when it died before."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(said) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise ConnectionResetError
        return json.loads(line)

    def bury(self) -> None:
        """Let nothing of it be left."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # what was written to the dead is lost
                pipe.close()
        self.process.wait()


class Talk:
    """A charger that sends what was not answered again, to one life after the other."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder, self.dice, self.deaths = folder, dice, 0
        self.mortal = Mortal(folder)

    def say(self, what: str, minutes: float, wh: float, **more: object) -> Any:
        said = {"what": what, "at": (BEGAN + timedelta(minutes=minutes)).isoformat(), "wh": wh, **more}
        doomed = self.deaths < KILLS and self.dice.random() < 2 * KILLS / (3 * CHARGES)
        reaper = threading.Timer(self.dice.random() * 0.015, self.mortal.process.kill) if doomed else None
        if reaper is not None:
            reaper.start()
        while True:
            try:
                return self.mortal.ask(said)
            except ConnectionError:
                self.mortal.bury()
                self.deaths += 1
                self.mortal = Mortal(self.folder)


@pytest.mark.timeout(120)
def test_nothing_is_lost_or_doubled_however_often_it_is_killed(tmp_path: Path) -> None:
    dice, register = random.Random(), 100_000.0
    talk = Talk(tmp_path, dice)
    given, numbers = [], []
    for charge in range(CHARGES):
        minutes, begun = charge * 60.0, register
        number = talk.say("start", minutes, register, token=f"card {charge}")
        for sample in range(3):
            register += dice.randint(0, 2000)
            talk.say("sample", minutes + 10 * sample, register)
        talk.say("stop", minutes + 40, register, number=number)
        numbers.append(number)
        given.append(register - begun)
    talk.mortal.bury()
    assert talk.deaths > 0
    assert len(set(numbers)) == CHARGES
    with closing(sqlite3.connect(tmp_path / "evhub.db")) as database:
        rows = database.execute(
            'SELECT "transaction", energy_wh, ended_at FROM sessions ORDER BY started_at'
        ).fetchall()
        facts = database.execute("SELECT name, data FROM journal WHERE name LIKE 'session_%ed' ORDER BY no").fetchall()
    told = [(name, json.loads(data)["transaction"]) for name, data in facts if name != "session_progressed"]
    assert [number for number, _, _ in rows] == numbers
    assert [energy_wh for _, energy_wh, _ in rows] == given
    assert all(ended_at is not None for _, _, ended_at in rows)
    assert told == [(name, number) for number in numbers for name in ("session_started", "session_ended")]
