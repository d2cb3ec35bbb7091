"""The watchdog in a process of its own: a loop that stands still is ended, a process that somebody stopped is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hub.core.watchdog import STALLED
from tests.conftest import process_ended

# A hub of nothing but a pulse and a watchdog with a limit of one second. It says "beats" and obeys its first line.
PROGRAM = """
import asyncio, sys, threading
from hub.core.pulse import Pulse
from hub.core.watchdog import Watchdog

def held_up_here():
    threading.Event().wait(60)

async def main():
    pulse = Pulse()
    await pulse.start()
    loop = asyncio.get_running_loop()
    with Watchdog(lambda: pulse.beats, stalled_s=1.0):
        while pulse.beats < 2:
            await asyncio.sleep(0.05)
        print("beats", flush=True)
        while True:
            line = await loop.run_in_executor(None, sys.stdin.readline)
            if line == "hang\\n":
                held_up_here()
            elif line == "beats?\\n":
                before = pulse.beats
                while pulse.beats < before + 6:
                    await asyncio.sleep(0.05)
                print("beats", flush=True)
            else:
                break
    await pulse.stop()

asyncio.run(main())
"""


@contextmanager
def child() -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "beats\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def test_a_loop_that_stands_still_is_ended_and_the_log_says_where() -> None:
    with child() as process:
        tell(process, "hang")
        _, said = process.communicate(timeout=20)
    assert process.returncode == STALLED
    assert f"the event loop stands still for 1 s; ended with {STALLED}" in said
    assert "in held_up_here" in said


def test_a_log_that_takes_nothing_does_not_keep_it_alive() -> None:
    with child() as process:
        tell(process, "hang")
        assert process.stderr is not None
        process.stderr.close()  # its last words go nowhere
        assert process_ended(process, 20)
    assert process.returncode == STALLED


def test_a_process_that_was_stopped_for_five_seconds_goes_on() -> None:
    with child() as process:
        process.send_signal(signal.SIGSTOP)
        assert not process_ended(process, 5)
        process.send_signal(signal.SIGCONT)
        tell(process, "beats?")
        assert process.stdout is not None
        assert process.stdout.readline() == "beats\n"  # more than a limit later
        tell(process, "end")
        _, said = process.communicate(timeout=10)
    assert (process.returncode, said) == (0, "")
