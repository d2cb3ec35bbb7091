"""Cars that come and go every few seconds, as the seed says, until they are told to leave."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from random import Random
from urllib.error import URLError

from tests.faults.site import Simulator

STAYS_S = (12.0, 60.0)
EMPTY_S = (4.0, 10.0)
"""Empty for longer than the hub is away: a charger that only says "a car is here" could not tell two apart."""
LOOK_S = 0.1


class Traffic:
    """Plugs and unplugs cars at the bays of a simulator, in a thread of its own."""

    def __init__(self, simulator: Simulator, seed: int) -> None:
        self._simulator, self._rng = simulator, Random(seed)
        self._bays = [bay["bay"] for bay in simulator.ready["bays"]]
        self._next_s = {bay: time.monotonic() + self._rng.uniform(0, 3) for bay in self._bays}
        self._plugged: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drive, name="traffic", daemon=True)

    def start(self) -> None:
        """Let them come."""
        self._thread.start()

    def end(self) -> None:
        """Let everybody leave."""
        self._over.set()
        self._thread.join()
        for bay in sorted(self._plugged):
            self._simulator.post("unplug", bay=bay)

    def _drive(self) -> None:
        while not self._over.wait(LOOK_S):
            for bay in self._bays:
                if self._next_s[bay] <= time.monotonic():
                    with suppress(URLError):
                        self._turn(bay)

    def _turn(self, bay: str) -> None:
        if bay in self._plugged:
            self._simulator.post("unplug", bay=bay)
            self._plugged.remove(bay)
            span = EMPTY_S
        else:
            phases = 1 if bay in ("bay-7", "bay-8") else self._rng.choice((1, 2, 3))
            self._simulator.post("car", bay=bay, phases=phases, max_a=self._rng.choice((10, 16, 32)), reaction_s=0.5)
            self._plugged.add(bay)
            span = STAYS_S
        self._next_s[bay] = time.monotonic() + self._rng.uniform(*span)
