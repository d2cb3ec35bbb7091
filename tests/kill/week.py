"""A week without a line, time-lapsed: a week of facts is written as the hub writes them, then the line comes back.

What must hold: every fact arrives once and in order, at low priority: the live status is never more than 2 s late while
the backlog goes up, and the site does not notice: a step of the house is answered as fast as ever.
"""

# ruff: noqa: T201 - a command that reports

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
from sqlalchemy.engine import URL

from hub.core.database import StoreConfig
from hub.core.store import Store, Tx
from hub.model.charger import Status
from hub.model.facts import Event, SessionEnded, SessionProgressed, SessionStarted, StatusChanged
from hub.model.ids import ChargerId, SessionId, TransactionId
from hub.sdk.testing import FakeClock
from tests.faults.site import OVER_A, Site, site, wait_until
from tests.kill.busy import Traffic
from tests.kill.kept import database_of, entries
from tests.kill.run import PLAN, _pass
from tests.kill.way_up import HUB, Watch, WayUp, compare
from tests.servers import postgres

CHARGERS, DAYS, A_DAY = 100, 7, 6
PROGRESS_S = 120
STEP_A, STEP_S = 15.0, 12.0  # the oven goes on; so long the fuses are watched
BELOW_S = 10.0
LATE_S = 2.0
ARRIVES_WITHIN_S = 600.0
WORDS = (Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.FINISHING, Status.AVAILABLE)


@dataclass(slots=True)
class Week:
    """The figures."""

    facts: int = 0
    written_s: float = 0.0
    drained_s: float = 0.0
    statuses: int = 0
    latest_s: float = 0.0  # the most that a status was late
    oldest_s: float = 0.0  # the most that the newest status at the operator was old
    over_s: float = 0.0
    hub_cpu: float = 0.0  # share of a core while it drains
    wrong: list[str] = field(default_factory=list)


def report(week: Week) -> None:
    """The figures, a line each."""
    print(f"a week of {CHARGERS} chargers: {week.facts} facts, written in {week.written_s:.0f} s")
    print(f"drained in {week.drained_s:.0f} s: {week.facts / week.drained_s:.0f}/s, with {week.hub_cpu:.0%} of a core")
    print(f"live status meanwhile: {week.statuses} came, {week.latest_s:.2f} s late at most", end="; ")
    print(f"the newest was never older than {week.oldest_s:.2f} s")
    print(f"the house takes {STEP_A:g} A more: above a fuse for {week.over_s:.1f} s")
    print("\n".join(f"WRONG {line}" for line in week.wrong) or "nothing is lost, nothing is doubled")


def run(folder: Path, seed: int = 1) -> Week:
    """Do it, and judge."""
    week = Week()
    with _scene(folder, seed) as (running, way_up):
        database = database_of(running.data, None)
        wait_until(lambda: way_up.upto() and running.balances, 30, "the line is up at first")
        running.stop_hub()
        way_up.nats.program.kill()
        began_s = time.monotonic()
        week.facts = asyncio.run(_a_week(database, seed))
        week.written_s = time.monotonic() - began_s
        running.start_hub()
        wait_until(lambda: running.balances, 30, "the site is up, the line is not")
        traffic = Traffic(running, seed)
        traffic.start()
        _pass(30)  # cars come
        watch, late = Watch(way_up.dsn), Late(way_up.dsn)
        way_up.nats.program.start()
        wait_until(lambda: late.newest_age_s() < LATE_S, 60, "the live status is there again")
        watch.start()
        late.start()
        _drain(week, running, way_up, database)
        late.end()
        watch.end()
        traffic.end()
        week.wrong += watch.wrong[:5]
        week.statuses, week.latest_s, week.oldest_s = late.seen, late.latest_s, late.oldest_s
        _judge(week, way_up, database)
    return week


@contextmanager
def _scene(folder: Path, seed: int) -> Iterator[tuple[Site, WayUp]]:
    with ExitStack() as stack:
        way_up = WayUp(folder, stack.enter_context(postgres(folder / "postgres")))
        stack.callback(way_up.end)
        way_up.start()
        running = stack.enter_context(site(folder, PLAN, "--seed", str(seed), also=way_up.section))
        yield running, way_up


def _drain(week: Week, running: Site, way_up: WayUp, database: URL) -> None:
    """Wait until all has arrived, and put the site to the test meanwhile."""
    began_s, cpu_s, whole = time.monotonic(), _cpu_s(running), len(entries(database))
    running.simulator.house(STEP_A, STEP_A, STEP_A)
    _pass(STEP_S)
    running.simulator.house(0, 0, 0)
    week.over_s = max(running.simulator.longest_over_s(name, began_s) for name in ("grid", "garage"))
    wait_until(lambda: sum(way_up.upto().values()) >= whole, ARRIVES_WITHIN_S, "the backlog has arrived")
    week.drained_s = time.monotonic() - began_s
    week.hub_cpu = (_cpu_s(running) - cpu_s) / week.drained_s


def _judge(week: Week, way_up: WayUp, database: URL) -> None:
    sent = entries(database)
    wait_until(lambda: sum(way_up.upto().values()) >= len(sent), 60, "and what happened meanwhile")
    received = way_up.received()
    week.wrong += compare(sent, {key: fact for key, fact in received.items() if key in sent})
    if week.latest_s > LATE_S:
        week.wrong.append(f"the live status was {week.latest_s:.1f} s late")
    if week.over_s > BELOW_S:
        week.wrong.append(f"a fuse was above its limit for {week.over_s:.1f} s (by more than {OVER_A} A)")


def _cpu_s(running: Site) -> float:
    assert running.hub is not None
    fields = Path(f"/proc/{running.hub.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


class Late:
    """Reads the operator's table of live status all the time: how late each came, and how old the newest is."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="late", daemon=True)
        self._rev: object = None
        self.seen, self.latest_s, self.oldest_s = 0, 0.0, 0.0

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()
        self._connection.close()

    def newest_age_s(self) -> float:
        """How old the newest status is."""
        row = self._read()
        return float("inf") if row is None else row[1]

    def _look(self) -> None:
        while not self._over.wait(0.05):
            row = self._read()
            if row is None:
                continue
            rev, age_s, late_s = row
            self.oldest_s = max(self.oldest_s, age_s)
            if rev != self._rev:
                self._rev, self.seen = rev, self.seen + 1
                self.latest_s = max(self.latest_s, late_s)

    def _read(self) -> tuple[object, float, float] | None:
        row = self._connection.execute(
            "SELECT boot_id, rev, document->>'at', received_at FROM hub_status WHERE hub_id = %s", [HUB]
        ).fetchone()
        if row is None:
            return None
        boot, rev, at, received_at = row
        said_at = datetime.fromisoformat(at)
        return (boot, rev), (datetime.now(UTC) - said_at).total_seconds(), (received_at - said_at).total_seconds()


async def _a_week(database: URL, seed: int) -> int:
    """A hundred chargers for a week, told through the store by a clock that runs ahead; answers how many facts."""
    clock = FakeClock(datetime.now(UTC) - timedelta(days=DAYS))
    store = Store(database, StoreConfig(), clock, lambda fact: None)
    await store.start("week")
    facts, begin = sorted(_facts(clock.now(), Random(seed)), key=lambda fact: fact.at), clock.now()
    for first in range(0, len(facts), 400):
        part = facts[first : first + 400]
        clock.jump((part[0].at - begin).total_seconds())
        begin = part[0].at
        await asyncio.gather(*(store.write(_recorded(fact)) for fact in part))
    await store.stop()
    return len(facts)


def _recorded(fact: Event) -> Callable[[Tx], int]:
    return lambda tx: tx.record(fact)


def _facts(begin: datetime, rng: Random) -> Iterator[Event]:
    for n in range(CHARGERS):
        for day in range(DAYS):
            for visit in range(A_DAY):
                at = begin + timedelta(days=day, hours=24 * visit / A_DAY, minutes=rng.uniform(0, 60))
                yield from _a_visit(ChargerId(f"week-{n}"), SessionId(f"{n:03}-{day}-{visit}"), at, rng)


def _a_visit(charger: ChargerId, session: SessionId, at: datetime, rng: Random) -> Iterator[Event]:
    stay = timedelta(minutes=rng.uniform(30, 170))
    before: Status | None = Status.AVAILABLE
    for place, word in enumerate(WORDS):
        yield StatusChanged(at=at + stay * place / len(WORDS), charger=charger, before=before, after=word)
        before = word
    number = TransactionId(abs(hash(session)) % 10**9)
    yield SessionStarted(
        at=at, charger=charger, session=session, transaction=number, token="T", started_at=at, start_wh=0.0
    )
    for n in range(1, int(stay.total_seconds() / PROGRESS_S)):
        seen = at + timedelta(seconds=n * PROGRESS_S)
        yield SessionProgressed(at=seen, charger=charger, session=session, energy_wh=1800.0 * n, power_w=11_000.0)
    yield SessionEnded(
        at=at + stay,
        charger=charger,
        session=session,
        transaction=number,
        started_at=at,
        ended_at=at + stay,
        energy_wh=5400.0,
        reason="EVDisconnected",
        flags=(),
    )
