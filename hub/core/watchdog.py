"""The watchdog for runs without a supervisor of their own: it ends a hub whose event loop stands still, and says where.

A hub that hangs balances nothing and looks alive from outside. Ended with a code of its own it is started again, by
systemd, Docker or whoever started it, and the stacks of all threads are in the log.
"""

from __future__ import annotations

import faulthandler
import os
import threading
from collections.abc import Callable
from types import TracebackType

STALLED_S = 30.0
STALLED = 70  # the exit code: EX_SOFTWARE of sysexits.h
LOOKS = 30  # in that time
LAST_WORDS_S = 5.0  # if the log takes nothing either, it ends without them
STDERR = 2


class Watchdog:
    """A thread that looks whether the loop beats. `with Watchdog(lambda: pulse.beats): …`

    It counts its own looks and not the time: while the machine sleeps or somebody has stopped the process (SIGSTOP, a
    debugger), the thread does not look either, and after the wake-up the loop has all its time again.
    """

    def __init__(self, beats: Callable[[], int], stalled_s: float = STALLED_S) -> None:
        self._beats, self._stalled_s = beats, stalled_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._over.set()

    def _watch(self) -> None:
        seen, missed = self._beats(), 0
        while not self._over.wait(self._stalled_s / LOOKS):
            before, seen = seen, self._beats()
            missed = missed + 1 if seen == before else 0
            if missed >= LOOKS:
                self._end()

    def _end(self) -> None:
        """Straight to the file descriptor: whoever holds up the loop may hold the log's lock as well."""
        threading.Timer(LAST_WORDS_S, os._exit, (STALLED,)).start()
        words = f"evhub: the event loop stands still for {self._stalled_s:g} s; ended with {STALLED}. All stacks:\n"
        os.write(STDERR, words.encode())
        faulthandler.dump_traceback(STDERR, all_threads=True)
        os._exit(STALLED)
