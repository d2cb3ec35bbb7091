"""One run of the kill test: `kill -9` at random instants under a busy site, and the verdict at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.site import Site, noise_in, site, wait_until
from tests.kill.busy import Traffic
from tests.kill.judge import Stay, Verdict, judge
from tests.kill.kept import database_of, entries, open_sessions, read
from tests.kill.way_up import Watch, WayUp, compare
from tests.servers import Postgres, fresh_database, postgres

PLAN = Path(__file__).with_name("site.yaml")
AT_ONCE = 0.5  # this share of the kills hits a hub that has not come back yet
LIVES_S = 2.0  # the others hit one that balances, after at most so long
BACK_WITHIN_S = 30.0  # gives up; what is promised is judged by the figures
ENDS_WITHIN_S = 120.0
BUSY_WH = 40.0  # the site is at work when so much has flowed
BUSY_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is killed, how often, and which database the hub has."""

    target: str  # "hub" or "all"
    times: int
    database: str = "sqlite"  # or "postgresql"
    seed: int = 1

    @property
    def victims(self) -> tuple[str, ...]:
        """What one kill may hit."""
        return ("hub",) if self.target == "hub" else ("hub", "nats", "aggregator")


@dataclass(slots=True)
class Outcome:
    """Figures and verdict."""

    kills: dict[str, int] = field(default_factory=dict)
    back_s: list[float] = field(default_factory=list)  # from the start of the process until it balances
    verdict: Verdict = field(default_factory=Verdict)
    arrived: int = 0
    drained_s: float = 0.0
    over: dict[str, tuple[float, float]] = field(default_factory=dict)  # circuit: worst amps, longest seconds
    seconds: float = 0.0

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return self.verdict.wrong


@dataclass(slots=True)
class Scene:
    """Everything that runs."""

    site: Site
    database: str | None
    way_up: WayUp | None
    rng: Random
    outcome: Outcome = field(default_factory=Outcome)

    def kill(self, victim: str) -> None:
        """Kill one thing, and let it start again."""
        self.outcome.kills[victim] = self.outcome.kills.get(victim, 0) + 1
        if victim == "hub":
            self.site.kill_hub()
            self.site.spawn_hub()
            return
        assert self.way_up is not None
        program = self.way_up.nats.program if victim == "nats" else self.way_up.aggregator
        program.kill()
        program.start()

    def live(self) -> None:
        """Some time between two kills, and sometimes hardly any."""
        if self.rng.random() < AT_ONCE:
            _pass(self.rng.uniform(0.0, 1.5))
            return
        began_s, away = time.monotonic(), not self.site.balances
        wait_until(lambda: self.site.balances, BACK_WITHIN_S, "the hub balances again")
        if away:
            self.outcome.back_s.append(time.monotonic() - began_s)
        _pass(self.rng.uniform(0.0, LIVES_S))


def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Do it, and judge."""
    began_s = time.monotonic()
    with _scene(plan, folder) as scene:
        traffic = Traffic(scene.site, plan.seed)
        watch = Watch(scene.way_up.dsn) if scene.way_up else None
        wait_until(lambda: scene.site.balances, BACK_WITHIN_S, "the first start")
        traffic.start()
        if watch is not None:
            watch.start()
        wait_until(lambda: _drawn_wh(scene.site) > BUSY_WH, BUSY_WITHIN_S, "cars charge")
        for n in range(plan.times):
            scene.live()
            scene.kill(scene.rng.choice(plan.victims))
            if (n + 1) % 25 == 0:
                say(f"{n + 1} kills, {time.monotonic() - began_s:.0f} s, {worst(scene.outcome.back_s)}")
        traffic.end()
        _come_to_rest(scene)
        if watch is not None:
            watch.end()
            scene.outcome.wrong.extend(watch.wrong[:5])
    scene.outcome.seconds = time.monotonic() - began_s
    return scene.outcome


def worst(seconds: list[float]) -> str:
    """The distribution of the times until the hub balances, in words."""
    if not seconds:
        return "never back"
    in_order = sorted(seconds)
    median, high = in_order[len(in_order) // 2], in_order[int(len(in_order) * 0.99)]
    return f"balancing after {median:.1f} s median, {high:.1f} s p99, {in_order[-1]:.1f} s at the longest"


@contextmanager
def _scene(plan: Plan, folder: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        server: Postgres | None = None
        if plan.database == "postgresql" or plan.target == "all":
            server = stack.enter_context(postgres(folder / "postgres"))
        database = fresh_database(server, "hub") if server and plan.database == "postgresql" else None
        also: dict[str, object] = {} if database is None else {"store": {"url": database}}
        way_up: WayUp | None = None
        if server is not None and plan.target == "all":
            way_up = WayUp(folder, server)
            stack.callback(way_up.end)
            way_up.start()
            also |= way_up.section
        options = ("--seed", str(plan.seed))
        running = stack.enter_context(site(folder, PLAN, *options, also=also))
        yield Scene(running, database, way_up, Random(plan.seed))


def _come_to_rest(scene: Scene) -> None:
    """All cars have left: wait until everything was told and, where there is an operator, has arrived; then judge."""
    database = database_of(scene.site.data, scene.database)
    scene.outcome.verdict = Verdict()
    wait_until(lambda: scene.site.balances, BACK_WITHIN_S, "the last start")
    try:
        wait_until(lambda: open_sessions(database) == 0, ENDS_WITHIN_S, "every session has ended")
    except AssertionError as late:
        scene.outcome.wrong.append(str(late))
    _pass(3.0)  # what a charger still holds back
    stays = _stays(scene.site)
    drawn = scene.site.simulator.look().truth["circuits"]
    scene.outcome.over = {name: (c["worst_overload_a"], c["longest_overload_s"]) for name, c in drawn.items()}
    scene.site.stop_hub()
    late = list(scene.outcome.wrong)
    scene.outcome.verdict = judge(stays, *read(database))
    scene.outcome.wrong.extend(late + noise_in(scene.site.log)[:5])
    if scene.way_up is not None:
        scene.site.start_hub()
        _judge_arrival(scene, scene.way_up)


def _judge_arrival(scene: Scene, way_up: WayUp) -> None:
    """The hub runs again with nothing to do: everything that it ever told must arrive."""
    database, began_s = database_of(scene.site.data, scene.database), time.monotonic()

    def all_there() -> bool:
        known = entries(database)
        return bool(known) and way_up.received().keys() >= known.keys()

    try:
        wait_until(all_there, ENDS_WITHIN_S, "everything has arrived")
    except AssertionError as late:
        scene.outcome.wrong.append(str(late))
    scene.outcome.drained_s = time.monotonic() - began_s
    scene.site.stop_hub()
    _pass(1.0)
    sent, received = entries(database), way_up.received()
    stopped = {key: fact for key, fact in sent.items() if key in received or key[1] <= _reach(way_up, key[0])}
    scene.outcome.arrived = len(received)
    scene.outcome.wrong.extend(compare(stopped, received))


def _reach(way_up: WayUp, epoch: str) -> int:
    return way_up.upto().get(epoch, 0)


def _drawn_wh(running: Site) -> float:
    return sum(float(bay["energy_wh"]) for bay in running.simulator.look().truth["bays"].values())


def _stays(running: Site) -> dict[str, list[Stay]]:
    found = running.simulator.get("stays")
    return {bay: [Stay(one["from_wh"], one["to_wh"]) for one in stays] for bay, stays in found.items()}


def _pass(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - looks from outside, at other processes
