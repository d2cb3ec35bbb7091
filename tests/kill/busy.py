"""Cars that come and go every few seconds, as the seed says, until they are told to leave."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from random import Random
from urllib.error import URLError

from tests.faults.site import Simulator, Site

STAYS_S = (12.0, 60.0)
EMPTY_S = (4.0, 10.0)
LOOK_S = 0.1


class Traffic:
    """Plugs and unplugs cars at the bays of a site, in a thread of its own.

    A charger that is polled says only that a car is there: the next one comes when the hub has seen that the last one
    left. Chargers that keep their transactions while the hub is away (OCPP) wait for nobody.
    """

    def __init__(self, site: Site, seed: int) -> None:
        self._site, self._rng = site, Random(seed)
        self._simulator: Simulator = site.simulator
        self._polled = {bay["bay"] for bay in self._simulator.ready["bays"] if bay["integration"] != "ocpp"}
        self._bays = [bay["bay"] for bay in self._simulator.ready["bays"]]
        self._next_s = {bay: time.monotonic() + self._rng.uniform(0, 3) for bay in self._bays}
        self._plugged: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drive, name="traffic", daemon=True)

    def start(self) -> None:
        """Let them come."""
        self._thread.start()

    def end(self) -> None:
        """Let everybody leave. Fails when the cars had stopped coming before."""
        assert self._thread.is_alive(), "the traffic broke off"
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
        elif bay in self._polled and not self._is_seen_free(bay):
            return
        else:
            phases = 1 if bay in self._polled else self._rng.choice((1, 2, 3))
            self._simulator.post("car", bay=bay, phases=phases, max_a=self._rng.choice((10, 16, 32)), reaction_s=0.5)
            self._plugged.add(bay)
            span = STAYS_S
        self._next_s[bay] = time.monotonic() + self._rng.uniform(*span)

    def _is_seen_free(self, bay: str) -> bool:
        status = self._site.status_if_any()
        charger = None if status is None else status["chargers"].get(bay)  # it has just started: none is drawn yet
        return charger is not None and charger["status"] == "available"
