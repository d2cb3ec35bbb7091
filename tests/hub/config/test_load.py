"""Every mistake has its line, its key, what is wrong and what to write; and all are told at once."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from hub.config.load import check, load
from hub.config.problem import BadConfigFile, Level
from hub.model.charger import Charger, Connection
from hub.model.ids import GRID
from hub.model.site import Circuit, DeltaPrimary, Device, Meter
from hub.model.units import PerPhase, Phase, same_on_each

GOOD = """\
site: {name: Garage, time_zone: Europe/Brussels, country: BE}
public_url: https://garage.example/
grid:
  limit_a: [63, 63, 50]
  meter: main
circuits:
  garage: {limit_a: 40, name: Garage}
  row: {parent: garage, limit_a: {l1: 20, l2: 20, l3: 16}, breaker_a: 25, device: gG}
chargers:
  bay-1: {integration: demodial, station: CP-1, circuit: row, phases: [L2, L3, L1], max_a: 16, name: Bay 1}
  bay-2: {integration: demodial, station: CP-1, connector: 2, min_a: 8, priority: 2, weight: 1.5, fallback_a: 0}
  bay-3: {integration: demobox, host: 10.0.0.5, connection: ll, phases: [L1, L2], interval_s: 5}
meters:
  main: {integration: demometer, station: m-1, host: "fd00::5", port: 81}
demodial: {port: 9000}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "config.yaml"
    file.write_text(text)
    return file


def test_a_good_file_becomes_the_drawing(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, GOOD))
    assert loaded.problems == ()
    site = loaded.site
    assert (site.name, site.voltage_v) == ("Garage", 230.0)
    assert site.circuits == {
        "grid": Circuit(GRID, None, PerPhase(63.0, 63.0, 50.0), meter="main"),
        "garage": Circuit("garage", GRID, same_on_each(40.0), name="Garage"),
        "row": Circuit("row", "garage", PerPhase(20.0, 20.0, 16.0), breaker_a=same_on_each(25.0), device=Device.GG),
    }
    l1, l2, l3 = Phase
    assert site.chargers == {
        "bay-1": Charger("bay-1", "row", "demodial", "CP-1", 1, "Bay 1", (l2, l3, l1), max_a=16.0),
        "bay-2": Charger("bay-2", "grid", "demodial", "CP-1", 2, min_a=8.0, priority=2, weight=1.5, fallback_a=0.0),
        "bay-3": Charger("bay-3", "grid", "demobox", "10.0.0.5:8000", 1, "", (l1, l2), Connection.LL),
    }
    assert site.meters == {"main": Meter("main", "demometer", "m-1")}
    assert loaded.config.public_url == "https://garage.example"
    assert loaded.config.site.time_zone == "Europe/Brussels"


def test_a_good_file_says_what_to_run(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, GOOD))
    shown = {
        station: (e.integration, str(e.address or ""), e.config.model_dump()) for station, e in loaded.entries.items()
    }
    plain = {"interval_s": 2.0, "password": None}
    assert shown == {
        "CP-1": ("demodial", "", plain),
        "10.0.0.5:8000": ("demobox", "10.0.0.5:8000", {"interval_s": 5.0, "password": None}),
        "m-1": ("demometer", "[fd00::5]:81", plain),
    }
    assert loaded.config.section("demodial").model_dump() == {"port": 9000, "adopt": "ask"}
    assert loaded.config.section("ocpp").model_dump()["adopt"] == "ask"  # not written: its defaults
    assert loaded.config.section("nobody").model_dump() == {}


def test_a_single_phase_site_uses_l1(tmp_path: Path) -> None:
    text = "grid: {limit_a: 32, phases: 1}\nchargers:\n  bay-1: {integration: demodial, station: CP-1}\n"
    site = load(written(tmp_path, text)).site
    assert site.grid.limit_a == PerPhase(32.0, 0.0, 0.0)
    assert site.chargers["bay-1"].phases == (Phase.L1,)  # type: ignore[index]


def test_a_transformer_has_limits_before_it(tmp_path: Path) -> None:
    text = "grid: {limit_a: 400, voltage_v: 120, delta_primary: {limit_a: 100, turns: 4}}\n"
    assert load(written(tmp_path, text)).site.grid.primary == DeltaPrimary(same_on_each(100.0), 4.0)


def test_the_site_may_stay_unnamed_and_empty_sections_say_nothing(tmp_path: Path) -> None:
    config = load(written(tmp_path, "grid: {limit_a: 25}\nchargers:\nmqtt:\n")).config
    assert (config.site.name, config.chargers, config.mqtt.port) == ("Charging site", {}, 1883)
    assert config.site.time_zone


# one mistake each: the line, the key, what is wrong, what to write

START = "grid: {limit_a: 63}\n"
A_NUMBER = "Write a number, without unit and quotes."
ONLY_BLANKS = "a tab stands in the indentation, where YAML allows only blanks"


def bay(keys: str) -> str:
    return f"{START}chargers:\n  bay-1: {{integration: demobox, station: s1, {keys}}}\n"


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n" for below, name in pairwise("abcdefghi")
)
"""A few hundred bytes that stand for 9 to the power of 9 values."""

MISTAKES: list[tuple[str, int, str, str, str]] = [
    # types, and what was probably meant
    (bay("max_a: 32A"), 3, "chargers.bay-1.max_a", "'32A' is not a number", "Write 32."),
    (bay("max_a: '16,5 A'"), 3, "chargers.bay-1.max_a", "'16,5 A' is not a number", "Write 16.5."),
    (bay("max_a: lots"), 3, "chargers.bay-1.max_a", "'lots' is not a number", A_NUMBER),
    (bay("max_a: true"), 3, "chargers.bay-1.max_a", "true is not a number", A_NUMBER),
    (bay("max_a: .inf"), 3, "chargers.bay-1.max_a", "'.inf' is not a number", A_NUMBER),
    (bay("max_a: "), 3, "chargers.bay-1.max_a", "nothing is not a number", A_NUMBER),
    (bay("max_a: 16000"), 3, "chargers.bay-1.max_a", "16000 is more than 1000", "Write 1000 or less."),
    (bay("min_a: 5"), 3, "chargers.bay-1.min_a", "5 is less than 6", "Write 6 or more."),
    (bay("weight: 0"), 3, "chargers.bay-1.weight", "0 is not more than 0", "Write more than 0."),
    (bay("connector: 1.5"), 3, "chargers.bay-1.connector", "1.5 is not a whole number", "Write 1."),
    (bay("phases: L1"), 3, "chargers.bay-1.phases", "'L1' is not a list", "Write [L1]."),
    (bay("phases: [L1, 2]"), 3, "chargers.bay-1.phases", "2 is none of L1, L2, L3", "Write L2."),
    (bay("phases: []"), 3, "chargers.bay-1.phases", "[] has too little in it", "Write 1 or more."),
    (bay("phases: [l3]"), 3, "chargers.bay-1.phases", "'l3' is none of L1, L2, L3", "Write L3."),
    (bay("phases: [L4]"), 3, "chargers.bay-1.phases", "'L4' is none of L1, L2, L3", "Write L1 or L2 or L3."),
    (bay("connection: LN"), 3, "chargers.bay-1.connection", "'LN' is none of ln, ll", "Write ln."),
    (
        START + "chargers:\n  bay-1:\n    integration: demobox\n    station: 00123\n",
        5, "chargers.bay-1.station", "00123 is not text", 'Put it in quotes: "00123".',
    ),
    ("grid:\n  limit_a: 63A\n", 2, "grid.limit_a", "'63A' is no current", "Write 63."),
    ("grid:\n  limit_a: much\n", 2, "grid.limit_a", "'much' is no current", "Write 32, or [32, 32, 25], in amps."),
    ("grid:\n  limit_a: [63, 63]\n", 2, "grid.limit_a",
     "[63, 63] has 2 numbers", "Write one for all lines, or three: [L1, L2, L3]."),
    ("grid:\n  limit_a: [63, x, 63]\n", 2, "grid.limit_a", "'x' is not a number", A_NUMBER),
    ("grid:\n  limit_a: -5\n", 2, "grid.limit_a", "-5 is not more than 0", "Write more than 0."),
    ("grid:\n  phases: 2\n  limit_a: 63\n", 2, "grid.phases", "2 is none of 1, 3", "Write 1 or 3."),
    (START + "discovery: {enabled: on}\n", 2, "discovery.enabled",
     "'on' is neither true nor false", "Write true or false."),
    (START + "web: {port: 80800}\n", 2, "web.port", "80800 is more than 65535", "Write 65535 or less."),
    (START + "web: {bind: everywhere}\n", 2, "web.bind", "'everywhere' is no IP address of this machine",
     "0.0.0.0 means all, 127.0.0.1 only this machine."),
    (START + "demodial: {port: '8887'}\n", 2, "demodial.port", "'8887' is not a whole number", "Write 8887."),
    (START + "chargers: bay-1\n", 2, "chargers", "'bay-1' stands where a group of keys is wanted",
     "Write the keys beneath it, indented."),
    (START + "chargers:\n  bay-1:\n", 3, "chargers.bay-1", "is empty",
     "Write its keys beneath it, indented, or leave it out."),
    # keys and ids
    (START + "chargrs: {}\n", 2, "chargrs", "no such key", "Did you mean 'chargers'?"),
    (START + "web: {prot: 80}\n", 2, "web.prot", "no such key", "Did you mean 'port'?"),
    (START + "web: {colour: red}\n", 2, "web.colour", "no such key",
     "The keys here are: port, bind, certificate, private_key, trusted_proxies."),
    ("grid: {limit_a: 63, limt: 3}\n", 1, "grid.limt", "no such key", "Did you mean 'limit_a'?"),
    ("grid: {phases: 3}\n", 1, "grid.limit_a", "is missing", "Add 'limit_a'."),
    ("site: {name: Garage}\n", 1, "grid", "is missing", "Add 'grid'."),
    (START + "chargers:\n  bay-1: {station: s1}\n", 3, "chargers.bay-1.integration",
     "is missing", "Add 'integration'."),
    (bay("max_amps: 16"), 3, "chargers.bay-1.max_amps", "no such key", "Did you mean 'max_a'?"),
    (bay("intervals: 16"), 3, "chargers.bay-1.intervals", "no such key", "Did you mean 'interval_s'?"),
    (bay("interval_s: 2s"), 3, "chargers.bay-1.interval_s", "'2s' is not a number", "Write 2."),
    (
        START + "chargers:\n  Bay 1: {integration: demobox, station: s1}\n", 3, "chargers.Bay 1",
        "'Bay 1' cannot be an id: it is part of MQTT topics, so at most 40 lower-case letters, digits, - and _",
        "Write bay-1, and the pretty name under 'name'.",
    ),
    (START + "circuits:\n  grid: {limit_a: 20}\n", 3, "circuits.grid", "'grid' is the name of the grid connection",
     "Choose another id."),
    (START + "web: {port: 1}\nweb: {port: 2}\n", 3, "web", "stands in line 2 already", "Remove one of the two."),
    # the site
    (START + "site: {time_zone: Europe/Bruxelles}\n", 2, "site.time_zone", "'Europe/Bruxelles' is no time zone",
     "Write one like Europe/Brussels, or UTC."),
    (START + "public_url: garage.example\n", 2, "public_url", "'garage.example' is no web address",
     "Write one like https://garage.example."),
    (START + "public_url: ftp://garage.example\n", 2, "public_url", "'ftp://garage.example' is no web address",
     "Write one like https://garage.example."),
    # references
    (bay("circuit: garage"), 3, "chargers.bay-1.circuit", "there is no circuit 'garage'", "The circuits are: grid."),
    (START + "circuits:\n  garage: {limit_a: 20}\n  row: {limit_a: 10, parent: garge}\n", 4, "circuits.row.parent",
     "there is no circuit 'garge'", "Did you mean 'garage'?"),
    ("grid: {limit_a: 63, meter: main}\n", 1, "grid.meter", "there is no meter 'main'", "There are no meters yet."),
    (START + "chargers:\n  bay-1: {integration: demoboks, station: s1}\n", 3, "chargers.bay-1.integration",
     "there is no integration 'demoboks'", "Did you mean 'demobox'?"),
    (
        "grid: {limit_a: 63, meter: main}\ncircuits:\n  garage: {limit_a: 20, meter: main}\n"
        "meters:\n  main: {integration: demometer, station: m}\n",
        3, "circuits.garage.meter", "'main' measures grid already",
        "A meter measures one circuit: name another, or leave it out.",
    ),
    # the tree
    (
        START + "circuits:\n  main: {limit_a: 63}\n  garage:\n    parent: main\n    limit_a: 80\n",
        6, "circuits.garage.limit_a", "80 A is more than its parent 'main' (63 A).", "Set 63 or less, or raise main.",
    ),
    ("grid: {limit_a: 25}\ncircuits:\n  garage: {limit_a: [20, 32, 20]}\n", 3, "circuits.garage.limit_a",
     "32 A on L2 is more than the grid connection (25 A).", "Set 25 or less, or raise grid."),
    (
        START + "circuits:\n  a: {limit_a: 9, parent: c}\n  b: {limit_a: 9, parent: a}\n  c: {limit_a: 9, parent: b}\n",
        3, "circuits.a.parent", "feeds itself: a → c → b → a", "Let one of them hang on another circuit, or on grid.",
    ),
    ("grid: {limit_a: 63, breaker_a: 50}\n", 1, "grid.limit_a", "63 A is more than its breaker's 50 A.",
     "Set 50 or less."),
    ("grid: {limit_a: 63, device: C}\n", 1, "grid.device", "nothing says how large this C is",
     "Add 'breaker_a', its rating in amps."),
    # chargers and stations
    (bay("max_a: 10, min_a: 16"), 3, "chargers.bay-1.max_a",
     "10 A is less than the least it can give (min_a 16 A).", "Set 16 or more."),
    (bay("fallback_a: 40"), 3, "chargers.bay-1.fallback_a",
     "40 A is more than it may ever give (max_a 32 A).", "Set 32 or less."),
    (bay("phases: [L1, L1]"), 3, "chargers.bay-1.phases", "L1 stands twice", "Name each supply line once."),
    (bay("phases: [L2], connection: ll"), 3, "chargers.bay-1.phases",
     "connection 'll' is between two lines", "Name two of a three-phase grid: [L1, L2]."),
    (
        "grid: {limit_a: 63, phases: 1}\nchargers:\n  bay-1: {integration: demobox, station: s1, phases: [L2]}\n",
        3, "chargers.bay-1.phases", "L2: the grid connection has L1 only (grid.phases is 1)", "Write [L1].",
    ),
    (bay("") + "  bay-2: {integration: demobox, station: S1}\n", 4, "chargers.bay-2.station",
     "connector 1 of it is chargers.bay-1 already", "Give this one another connector, or remove one of the two."),
    (bay("") + "  bay-2: {integration: demobox, station: s1, connector: 2, host: h}\n", 4, "chargers.bay-2",
     "chargers.bay-1 is the same station with another host, port or settings", "Write the same in both entries."),
    (bay("") + "meters:\n  m: {integration: demometer, station: s1}\n", 5, "meters.m.integration",
     "the same station speaks 'demobox' at chargers.bay-1", "Give both entries the same integration."),
    (START + "chargers:\n  bay-1: {integration: demobox}\n", 3, "chargers.bay-1", "nothing says which device this is",
     "Add 'station', its serial number or identity, or 'host', its address."),
    (START + "chargers:\n  bay-1: {integration: demodial, station: s1, host: h}\n", 3, "chargers.bay-1.host",
     "this device dials in; the hub never asks for its address", "Leave it out."),
    (bay("port: 80"), 3, "chargers.bay-1.port", "a port without a host", "Add 'host', or leave the port out."),
    (START + "web: {port: 9000}\ndemodial: {port: 9000}\n", 3, "demodial.port", "9000 is the port of 'web' as well",
     "Give each a port of its own."),
    (START + "web: {port: 1883, bind: '::'}\n", 2, "web.port", "1883 is the port of 'mqtt' as well",
     "Give each a port of its own."),
    (START + "meters:\n  m: {integration: demobox, station: s1}\n", 3, "meters.m.integration",
     "'demobox' is for a charger, not for a meter", "The integrations for it are: demometer, generic_mqtt, shelly."),
    (START + "circuits:\n  row: {limit_a: 10, parent: main}\n", 3, "circuits.row.parent",
     "there is no circuit 'main'", "The circuits are: grid."),
    # a unit of something else is not left out: 32 kW are not 32 A
    ("grid: {limit_a: 32kW}\n", 1, "grid.limit_a", "'32kW' is no current", "Write 32, or [32, 32, 25], in amps."),
    (START + "balance: {interval_s: 10V}\n", 2, "balance.interval_s", "'10V' is not a number",
     "Write a number, without unit and quotes."),
    ("grid: {limit_a: 63, voltage_v: 230 V}\n", 1, "grid.voltage_v", "'230 V' is not a number", "Write 230."),
    # what only looks like a number
    ("grid: {limit_a: !!int many}\n", 1, "grid.limit_a", "'many' is no current",
     "Write 32, or [32, 32, 25], in amps."),
    ("grid: {limit_a: 99999999999999999999}\n", 1, "grid.limit_a", "'99999999999999999999' is no current",
     "Write 32, or [32, 32, 25], in amps."),
    (f"grid: {{limit_a: {'9' * 5000}}}\n", 1, "grid.limit_a", f"'{'9' * 57}…' is no current",
     "Write 32, or [32, 32, 25], in amps."),
    # lists and patterns
    (bay("phases: 3"), 3, "chargers.bay-1.phases", "3 is not a list", "Write one like [L2, L3, L1]."),
    (START + "discovery: {interfaces: eth0}\n", 2, "discovery.interfaces", "'eth0' is not a list", "Write [eth0]."),
    (START + "chargers:\n  - {integration: demobox, password: s}\n", 2, "chargers",
     "a list stands where a group of keys is wanted",
     "Give each an id instead of '-', and write its keys beneath, indented."),
    ("grid:\n  - limit_a: 63\n", 1, "grid", "a list stands where a group of keys is wanted",
     "Write the keys beneath it, indented, without '-'."),
    (START + "site: {country: Belgium}\n", 2, "site.country", "'Belgium' cannot stand here", "Write one like BE."),
    (START + "mqtt: {prefix: a/#}\n", 2, "mqtt.prefix", "'a/#' cannot stand here", "Write one like garage."),
    (START + "chargers:\n  bay-1: {integration: demobox, host: '192.168.1.3:80'}\n", 3, "chargers.bay-1.host",
     "'192.168.1.3:80' is an address with a port", "Write 192.168.1.3, and 80 under 'port'."),
    # YAML itself
    (START + "site:\n  name: \"a\x07b\"\n", 3, "", "the character #x0007 may not stand in YAML", "Remove it."),
    (START + "web: !!set {port}\n", 2, "web", "the tag tag:yaml.org,2002:set means nothing here", "Leave it out."),
    (START + "web: " + "[" * 60 + "]" * 60 + "\n", 1, "", "groups and lists stand too deep in one another",
     "Look for brackets that are not closed."),
    (START + "web: " + "[" * 3000 + "]" * 3000 + "\n", None, "", "groups and lists stand too deep in one another",
     "Look for brackets that are not closed."),
    (LAUGHS, 1, "", "this stands for more than 200000 values", "Write the values out instead of aliases."),
    (START + "site: {name: \"\\ud800\"}\n", 2, "site.name", "half a character stands here (a lone surrogate)",
     "Write the text anew."),
    (START + "web:\n\tport: 80\n", 3, "", ONLY_BLANKS, "Write blanks."),
    (START + "web: *nobody\n", 2, "", "this is not YAML: found undefined alias 'nobody'",
     "Look at the colons, quotes and indentation here and just above."),
    (START + "web: &w {x: *w}\n", 2, "web.x", "this refers to itself", "Write the values out."),
    (START + "web: {port: !secret web}\n", 2, "web.port", "the tag !secret means nothing here", "Leave it out."),
    ("- grid\n", 1, "", "the file holds no keys", "Start from the shipped file."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "key", "message", "step"), MISTAKES, ids=[f"{m[2]}: {m[3]}" for m in MISTAKES]
)
def test_a_mistake_is_explained(tmp_path: Path, text: str, line: int | None, key: str, message: str, step: str) -> None:
    with pytest.raises(BadConfigFile) as refused:
        load(written(tmp_path, text))
    errors = [(p.line, p.key, p.message, p.next) for p in refused.value.problems if p.level is Level.ERROR]
    assert (line, key, message, step) in errors
    # nothing else is wrong, except what follows from it
    assert len(errors) == 1 or {p[1] for p in errors} <= {key, "web.port", "web.x", "meters.m.station"}


def test_everything_is_told_at_once_and_by_line(tmp_path: Path) -> None:
    text = """\
grid: {limit_a: 63A}
chargers:
  bay-1: {integration: demoboks, station: s1, max_a: 32A, circuit: garge}
  bay-2: {integration: demobox, station: s2, max_a: x, intervall: 3}
circuits:
  garage: {limit_a: 20, parent: nowhere}
web: {port: -1}
typo: 1
"""
    told = [(problem.line, problem.key) for problem in check(written(tmp_path, text)).problems]
    assert told == [
        (1, "grid.limit_a"),
        (3, "chargers.bay-1.max_a"),
        (3, "chargers.bay-1.integration"),
        (3, "chargers.bay-1.circuit"),
        (4, "chargers.bay-2.max_a"),
        (4, "chargers.bay-2.intervall"),
        (6, "circuits.garage.parent"),
        (7, "web.port"),
        (8, "typo"),
    ]


# hints and warnings do not stop anybody


@pytest.mark.parametrize(
    ("text", "level", "key", "message"),
    [
        ("grid: {limit_a: 40, breaker_a: 40}\n", Level.HINT, "grid.limit_a",
         "40 A is all of its breaker: may that flow for hours?"),
        (
            "grid: {limit_a: 63}\ncircuits:\n  row: {limit_a: 10}\nchargers:\n"
            "  a: {integration: demobox, station: a, circuit: row, phases: [L2]}\n"
            "  b: {integration: demobox, station: b, circuit: row}\n",
            Level.WARNING, "circuits.row.limit_a",
            "2 chargers need 12 A on L2 at their minimum, and it has 10 A.",
        ),
        (
            "grid: {limit_a: 40}\nchargers:\n" + "".join(
                f"  {id}: {{integration: demobox, station: {id}, max_a: {max_a}}}\n"
                for id, max_a in [("a", 32), ("b", 32), ("c", 16)]  # 40 - 6 - 6 are enough for c, and not for a
            ),
            Level.HINT, "grid",
            "while one of a, b does not answer, all that it can give is kept free: others must stop",
        ),
        (
            "grid: {limit_a: 63}\nchargers:\n" + "".join(
                f"  {id}: {{integration: demobox, station: {id}, phases: [{line}]}}\n"
                for id, line in [("a", "L1"), ("b", "L1"), ("c", "L3")]
            ),
            Level.HINT, "chargers.b.phases",
            "[L1] is fine, but L1 then carries 2 of 3 single-phase bays.",
        ),
    ],
)  # fmt: skip
def test_what_is_only_worth_a_word(tmp_path: Path, text: str, level: Level, key: str, message: str) -> None:
    [problem] = load(written(tmp_path, text)).problems
    assert (problem.level, problem.key, problem.message) == (level, key, message)


def test_spread_bays_and_minimums_that_fit_are_left_alone(tmp_path: Path) -> None:
    lines = [("a", "L1"), ("b", "L2"), ("c", "L3"), ("d", "L1")]
    bays = "".join(
        f"  {id}: {{integration: demobox, station: {id}, phases: [{line}], fallback_a: 6}}\n" for id, line in lines
    )
    assert load(written(tmp_path, "grid: {limit_a: 12}\nchargers:\n" + bays)).problems == ()


# secrets, files, text


@pytest.mark.parametrize(
    "text",
    [
        bay("password: 12345678"),
        START + "mqtt: {broker: 'http://user:12345678@broker'}\n",
        START + "mqtt: {password: 12345678}\n",
        START + "mqtt: {password: '12345678'}\n",  # a group that does not fit together
        START + "mqtt: {pasword: 12345678}\n",
        START + "mqtt: {password: [12345678]}\n",
        START + "chargers:\n  - {integration: demobox, password: 12345678}\n",
    ],
)
def test_a_secret_is_never_shown(tmp_path: Path, text: str) -> None:
    report = check(written(tmp_path, text))
    assert report.errors
    assert "12345678" not in report.text() + str(report.to_json())


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    [missing] = check(tmp_path / "none.yaml").problems
    assert (missing.line, missing.message) == (None, "cannot be read: No such file or directory")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("site: {name: Müller}".encode("latin-1"))
    [not_utf8] = check(latin).problems
    assert not_utf8.message == "byte 14 is not UTF-8"
    [empty] = check(written(tmp_path, "# only a comment\n")).problems
    assert empty.message == "the file is empty"
    with pytest.raises(BadConfigFile):
        load(tmp_path / "none.yaml")


def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.yaml")
    [pipe] = check(tmp_path / "config.yaml").problems
    assert pipe.message == "is no regular file"


def test_windows_files_and_byte_order_marks_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes("\N{ZERO WIDTH NO-BREAK SPACE}grid:\r\n  limit_a: 25\r\n".encode())
    assert load(file).site.grid.limit_a == same_on_each(25.0)


def test_anchors_and_merges_work(tmp_path: Path) -> None:
    text = START + (
        "chargers:\n  bay-1: &bay {integration: demobox, station: s1, max_a: 16}\n"
        "  bay-2:\n    <<: *bay\n    station: s2\n"
    )
    assert load(written(tmp_path, text)).site.chargers["bay-2"].max_a == 16.0  # type: ignore[index]


def test_the_report_is_laid_out_in_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "grid: {limit_a: 63}\ncircuits:\n  main: {limit_a: 63}\n  garage: {parent: main, limit_a: 80}\n" + (
        "chargers:\n  bay-4: {integration: demobox, station: s, max_a: 32A}\n"
    )
    written(tmp_path, text)
    assert check(Path("config.yaml")).text() == (
        "config.yaml:4  circuits.garage.limit_a   80 A is more than its parent 'main' (63 A).\n"
        "                                         Set 63 or less, or raise main.\n"
        "config.yaml:6  chargers.bay-4.max_a      '32A' is not a number\n"
        "                                         Write 32.\n"
        "2 circuits, 1 charger, 0 meters. 2 errors."
    )
    with pytest.raises(BadConfigFile, match=r"^the configuration has 2 errors:\nconfig.yaml:4 "):
        load(Path("config.yaml"))
