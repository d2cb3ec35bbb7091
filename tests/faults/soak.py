"""`python -m tests.faults.soak --seconds 300 --seed 1`: the demo's site at speed 60, and something breaks all the time.

Which fault hits whom and when follows from the seed. Says what really flowed, how the hub's memory grew, and what is
in its log. Exit 1 when a fuse carried too much for longer than 10 s and no fault explains it, or a traceback is there.
"""

# ruff: noqa: T201 - a command that reports

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from tests.faults.site import OVER_A, Simulator, Site, noise_in, site

DEMO = Path(__file__).parents[2] / "simulator" / "sites" / "demo.yaml"
LONGEST_OVER_S = 10.0
NEAR_A = 5.0
CALM_UP_S = 20.0  # the site comes up; memory counts from then on
AFTER_S = 15.0  # a fault explains an overload until so long after its end
EXPLAINS = ("ignore_limits", "frozen", "silent", "offline", "reboot", "slow")
OF_METERS = ("silent", "frozen", "offline", "reboot")
OF_OCPP = ("offline", "reboot", "silent", "ignore_limits", "slow", "ground_failure")


@dataclass(frozen=True, slots=True)
class Break:
    """One fault that was ordered: when, on what, which, and for how long."""

    at_s: float
    device: str
    fault: str
    for_s: float

    def explains(self, from_s: float) -> bool:
        """Whether an overload that begins then may be its doing."""
        return self.fault in EXPLAINS and self.at_s <= from_s <= self.at_s + self.for_s + AFTER_S


def overloads(simulator: Simulator, circuit: str) -> Iterator[tuple[float, float, float]]:
    """Begin, seconds and worst amps of each time that the circuit was above its limit."""
    began_s, worst_a, last_s = None, 0.0, 0.0
    for look in simulator.since(0):
        over_a = look.over_a(circuit)
        if over_a > OVER_A:
            began_s = look.at_s if began_s is None else began_s
            worst_a, last_s = max(worst_a, over_a), look.at_s
        elif began_s is not None:
            yield began_s, last_s - began_s, worst_a
            began_s, worst_a = None, 0.0
    if began_s is not None:
        yield began_s, last_s - began_s, worst_a


def break_things(running: Site, rng: Random, until_s: float) -> list[Break]:
    """Something every three to nine seconds, for at most 20 s."""
    bays = [bay["bay"] for bay in running.simulator.ready["bays"] if bay["integration"] == "ocpp"]
    done: list[Break] = []
    while time.monotonic() < until_s:
        if rng.random() < 0.2:  # an oven, or its end: no fault, and it explains nothing
            extra_a = [0.0, 0.0, 0.0]
            extra_a[rng.randrange(3)] = rng.choice((0.0, 8.0, 16.0))
            running.simulator.house(*extra_a)
        device, kinds = ("main", OF_METERS) if rng.random() < 0.2 else (rng.choice(bays), OF_OCPP)
        one = Break(time.monotonic(), device, rng.choice(kinds), rng.uniform(2, 20))
        running.simulator.fault(one.device, one.fault, one.for_s)
        done.append(one)
        time.sleep(rng.uniform(3, 9))  # noqa: TID251 - the world's time, outside the hub
    return done


def soak(seconds: float, seed: int) -> int:
    """Run, report; the exit code."""
    with (
        tempfile.TemporaryDirectory(prefix="evhub-soak-") as folder,
        site(Path(folder), DEMO, "--speed", "60", "--seed", str(seed)) as running,
    ):
        time.sleep(CALM_UP_S)  # noqa: TID251 - it comes up by itself
        before_mb = running.rss_mb
        done = break_things(running, Random(seed), time.monotonic() + seconds)
        after_mb, log = running.rss_mb, running.log
        report_evidence(running.simulator)
        wrong = report_overloads(running.simulator, done)
        summary = running.simulator.look().truth
        running.stop_hub()
        noise = noise_in(running.log)
    print(f"{len(done)} faults; {sum(bay['energy_wh'] for bay in summary['bays'].values()) / 1000:.1f} kWh charged")
    print(f"memory {before_mb:.0f} MB -> {after_mb:.0f} MB; {log.count(' WARNING ')} warnings in the log")
    print("\n".join(noise) or "no traceback, no error in the log")
    return 1 if wrong or noise else 0


def report_evidence(simulator: Simulator) -> None:
    """How closely we looked and how hard the main fuse had to work: without that, no overload means little."""
    looks = simulator.since(0)
    widest_s = max(later.at_s - look.at_s for look, later in pairwise(looks))
    near = sum(look.over_a("grid") > -NEAR_A for look in looks) / len(looks)
    print(f"{len(looks)} looks, {widest_s:.2f} s apart at the widest; the main fuse within {NEAR_A:g} A {near:.0%}")
    for name, circuit in simulator.look().truth["circuits"].items():
        print(f"{name:<8} by the simulator: {circuit['longest_overload_s']} s, {circuit['worst_overload_a']} A")


def report_overloads(simulator: Simulator, done: list[Break]) -> bool:
    """Say what was above its limit; whether that was too long without a fault that explains it."""
    wrong = False
    for circuit in simulator.look().truth["circuits"]:
        found = list(overloads(simulator, circuit))
        long = [one for one in found if one[1] > LONGEST_OVER_S]
        worst = max((one[1:] for one in found), default=(0.0, 0.0))
        print(f"{circuit:<8} over {len(found)} times, {worst[0]:.1f} s at the longest ({worst[1]:.1f} A)", end="; ")
        print(f"{len(long)} longer than {LONGEST_OVER_S:.0f} s")
        for from_s, for_s, over_a in long:
            why = [f"{b.device} {b.fault}" for b in done if b.explains(from_s)]
            print(f"    {for_s:.1f} s, {over_a:.1f} A: {', '.join(why) or 'NOT EXPLAINED'}")
            wrong = wrong or not why
    return wrong


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    return soak(asked.seconds, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
