"""What an edit changes: the keys by name, and those that wait for a restart."""

import re
from pathlib import Path

import pytest

from hub.config.changes import LIVE, differing, needing_restart
from hub.config.load import Loaded, load_text
from hub.config.schema import Config
from hub.devices.manifests import manifests
from tests.architecture.tree import REPOSITORY

BASE = """\
site: {name: Garage}
grid: {limit_a: 25, meter: main}
circuits: {row: {limit_a: 16}}
chargers:
  bay-1: {integration: demodial, station: CP-1}
  bay-2: {integration: demobox, station: B-2, interval_s: 1}
meters:
  main: {integration: demometer, station: M-1}
mqtt: {broker: "mqtt://me:secret@host"}
"""


def loaded(text: str) -> Loaded:
    return load_text(text, Path("config.yaml"), manifests())


@pytest.mark.parametrize(
    ("old", "new", "keys", "restart"),
    [
        ("", "", [], []),
        ("Garage", "Yard", ["site.name"], []),
        ("limit_a: 25", "limit_a: 20", ["grid.limit_a"], []),
        ("interval_s: 1}", "interval_s: 2}", ["chargers.bay-2"], []),
        ("row:", "line:", ["circuits.row", "circuits.line"], []),
        ("\nmqtt:", "\nbalance: {margin_a: 1}\nmqtt:", ["balance.margin_a"], []),
        ("secret", "other", ["mqtt.broker"], ["mqtt.broker"]),
        ("\nmqtt:", "\nweb: {port: 81}\ndemodial: {port: 9}\nmqtt:", ["web.port", "demodial.port"],
         ["web.port", "demodial.port"]),
    ],
)  # fmt: skip
def test_the_keys_that_differ(old: str, new: str, keys: list[str], restart: list[str]) -> None:
    before, after = loaded(BASE).config, loaded(BASE.replace(old, new, 1)).config
    assert sorted(differing(before, after)) == sorted(keys)
    assert sorted(needing_restart(before, after)) == sorted(restart)


def test_the_page_says_of_every_section_that_counts_at_once_that_it_does() -> None:
    assert set(Config.model_fields) > LIVE
    page = (REPOSITORY / "docs" / "concepts" / "configuration.md").read_text()
    rows = "\n".join(line for line in page.splitlines() if line.startswith("|") and "restart" not in line)
    assert {"chargers", "meters"} | set(re.findall(r"`(\w+)`", rows)) >= LIVE
