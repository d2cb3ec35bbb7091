"""The reference pages hold what the program has: each command, option, order, argument and event has its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hub.cli import main
from hub.model import facts
from tests.docs.catalogue import every_order

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def options() -> Iterator[tuple[str, str]]:
    for name, command in main.commands.items():
        below = command.commands.values() if isinstance(command, click.Group) else []
        for parameter in [parameter for one in (command, *below) for parameter in one.params]:
            if isinstance(parameter, click.Option):
                yield name, parameter.opts[0]


def subcommands() -> Iterator[str]:
    for name, command in main.commands.items():
        if isinstance(command, click.Group):
            yield from (f"evhub {name} {below}" for below in command.commands)


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_its_part(command: str) -> None:
    assert f"\n## evhub {command}\n" in (REFERENCE / "cli.md").read_text()


@pytest.mark.parametrize("command", sorted(subcommands()))
def test_every_subcommand_is_described(command: str) -> None:
    assert f"`{command}" in (REFERENCE / "cli.md").read_text()


@pytest.mark.parametrize(("command", "option"), sorted(set(options())))
def test_every_option_is_described(command: str, option: str) -> None:
    text = (REFERENCE / "cli.md").read_text()
    general, _, rest = text.partition("\n## ")
    part = next(p for p in f"\n## {rest}".split("\n## ") if p.startswith(f"evhub {command}\n"))
    assert f"`{option}`" in part or f"`{option}`" in general


def test_no_command_is_invented() -> None:
    written = re.findall(r"^## evhub (\S+)$", (REFERENCE / "cli.md").read_text(), re.M)
    assert sorted(written) == sorted(main.commands)


def test_the_table_of_orders_is_the_catalogue() -> None:
    rows = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|([^|]*)\|", (REFERENCE / "orders.md").read_text(), re.M)
    written = {name: set(re.findall(r"`(\w+)`", args)) for name, args in rows}
    assert written == {name: set(served.args.model_fields) for name, served in every_order().items()}


def test_every_event_is_in_the_mqtt_contract() -> None:
    text = (REFERENCE / "mqtt.md").read_text()
    events = [fact for fact in vars(facts).values() if isinstance(fact, type) and issubclass(fact, facts.Event)]
    missing = [event.name for event in events if event is not facts.Event and event.name not in text]
    assert not missing


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not broken


def test_the_readme_names_words_that_the_makefile_has() -> None:
    words = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert {"demo", "test"} <= words <= targets
