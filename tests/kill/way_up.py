"""The operator's side of the kill test: nats-server and aggregator, that may be killed, and what arrived in the end."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.servers import Nats, Postgres, Program, aggregator_in, fresh_database, nats_in

HUB = "kill-test"
PASSWORD = "up"
WATCH_S = 0.5


class WayUp:
    """A nats-server, an aggregator and a database of their own."""

    def __init__(self, folder: Path, server: Postgres) -> None:
        self.dsn = fresh_database(server, "cloud").replace("postgresql+psycopg://", "postgresql://", 1)
        self.nats: Nats = nats_in(folder / "nats", {HUB: PASSWORD})
        self.aggregator: Program = aggregator_in(folder, ["--nats", self.nats.url], self.dsn)

    @property
    def section(self) -> Mapping[str, Any]:
        """The hub's configuration of it."""
        url = f"mqtt://127.0.0.1:{self.nats.mqtt_port}"
        acme = {"url": url, "hub_id": HUB, "username": HUB, "password": PASSWORD, "begin": "beginning"}
        return {"operators": {"acme": acme | {"tokens": "plain"}}}  # what arrives is compared with what was told

    def start(self) -> None:
        """Let both run."""
        self.nats.program.start()
        self.aggregator.start()

    def end(self) -> None:
        """End both."""
        self.aggregator.stop()
        self.nats.program.stop()

    def received(self) -> dict[tuple[str, int], tuple[str, object]]:
        """Every event as readers see it: the fact's name and what it holds."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute("SELECT epoch, seq, schema, data FROM event WHERE hub_id = %s", [HUB]).fetchall()
        return {(epoch, seq): (schema.split(".")[1], data) for epoch, seq, schema, data in rows}

    def upto(self) -> dict[str, int]:
        """How far each epoch is without a hole."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute("SELECT epoch, upto FROM progress WHERE hub_id = %s", [HUB]).fetchall()
        return {str(epoch): int(upto) for epoch, upto in rows}


class Watch:
    """Looks all the time, as a reader in the order of seq would, whether anything is out of order or goes back."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self.looks = 0
        self.wrong: list[str] = []

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        seen: dict[str, int] = {}
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            while not self._over.wait(WATCH_S):
                with suppress(psycopg.errors.UndefinedTable):  # the aggregator has not made them yet
                    self._judge(connection, seen)

    def _judge(self, connection: psycopg.Connection, seen: dict[str, int]) -> None:
        rows = connection.execute(
            "SELECT e.epoch, count(*), min(e.seq), max(e.seq), count(DISTINCT e.seq) FROM event e"
            " WHERE e.hub_id = %s GROUP BY e.epoch",
            [HUB],
        )
        for epoch, count, first, last, distinct in rows.fetchall():
            self.looks += 1
            if not (count == distinct == last - first + 1) or last < seen.get(epoch, 0):
                self.wrong.append(f"a reader saw {count} events from {first} to {last} after {seen.get(epoch)}")
            seen[epoch] = last


def compare(sent: Mapping[tuple[str, int], object], received: Mapping[tuple[str, int], object]) -> list[str]:
    """What is wrong between the hub's journal and what the operator has."""
    wrong = []
    if missing := sorted(sent.keys() - received.keys()):
        wrong.append(f"{len(missing)} facts never arrived: {missing[:5]}")
    if foreign := sorted(received.keys() - sent.keys()):
        wrong.append(f"{len(foreign)} events that the hub never told: {foreign[:5]}")
    changed = [key for key in sent.keys() & received.keys() if sent[key] != received[key]]
    if changed:
        wrong.append(f"{len(changed)} arrived changed: {[(sent[key], received[key]) for key in changed[:2]]}")
    return wrong
