"""`make kill-test TARGET=hub N=1000 DATABASE=sqlite SEED=1`: kill -9 at random instants, nothing lost, nothing doubled.

Exit 1 when anything is. Says the figures on stdout; the files of the run stay where they are named when it fails.
"""

# ruff: noqa: T201 - a command that reports

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.kill import week
from tests.kill.run import Outcome, Plan, run, worst


def report(plan: Plan, outcome: Outcome) -> None:
    """The figures, a line each."""
    verdict = outcome.verdict
    kills = ", ".join(f"{times} × {victim}" for victim, times in sorted(outcome.kills.items()))
    print(f"killed: {kills}; hub's database {plan.database}; {outcome.seconds:.0f} s; seed {plan.seed}")
    print(f"{worst(outcome.back_s)} ({len(outcome.back_s)} starts)")
    print(
        f"cars that charged: {verdict.stays}; sessions kept: {verdict.sessions}; facts in the journal: {verdict.facts}"
    )
    print(f"energy: {verdict.true_wh:.0f} Wh flowed, {verdict.kept_wh:.0f} Wh are in sessions")
    for circuit, (amps, seconds) in outcome.over.items():
        print(f"circuit {circuit}: at most {amps:.1f} A above its limit, {seconds:.1f} s at the longest")
    if plan.target == "all":
        print(
            f"arrived in the operator's database: {outcome.arrived} events; the rest within {outcome.drained_s:.1f} s"
        )
    print("\n".join(f"WRONG {line}" for line in outcome.wrong[:40]) or "nothing is lost, nothing is doubled")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=("hub", "all", "week"), default="hub")
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="evhub-kill-"))
    if asked.target == "week":
        figures = week.run(folder, asked.seed)
        week.report(figures)
        wrong = figures.wrong
    else:
        plan = Plan(asked.target, asked.times, asked.database, asked.seed)
        outcome = run(plan, folder, partial(print, flush=True))
        report(plan, outcome)
        wrong = outcome.wrong
    if wrong:
        print(f"the files of this run: {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
