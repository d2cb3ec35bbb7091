"""After `make scenarios` a line for each scenario: its number, what it is, and whether it holds.

A test belongs to the scenario whose number its name begins with: `test_scenario_04_ten_cars_on_twenty_amps`.
"""

import re
from collections.abc import Iterator

import pytest

from tests.hub.balance.scenarios import SCENARIOS

NUMBER = re.compile(r"test_scenario_(\d+)_")
OUTCOMES = ("passed", "failed", "error")


def results(reporter: pytest.TerminalReporter) -> Iterator[tuple[int, str]]:
    """The scenario and the outcome of each test that belongs to one."""
    for outcome in OUTCOMES:
        for report in reporter.stats.get(outcome, []):
            found = NUMBER.search(report.nodeid)
            if found is not None and (outcome == "error" or report.when == "call"):
                yield int(found[1]), outcome


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.option.markexpr != "scenario":
        return
    outcomes: dict[int, list[str]] = {}
    for number, outcome in results(terminalreporter):
        outcomes.setdefault(number, []).append(outcome)
    terminalreporter.section("scenarios")
    for number, name in SCENARIOS.items():
        seen = outcomes.get(number, [])
        bad = len(seen) - seen.count("passed")
        how = "no test yet" if not seen else f"FAILED ({bad} of {len(seen)})" if bad else f"pass ({len(seen)})"
        terminalreporter.write_line(f"{number:3}  {name:58} {how}", red=bool(bad), green=bool(seen) and not bad)
    terminalreporter.write_line(f"{len(outcomes)} of {len(SCENARIOS)} scenarios have tests")
