"""New lines land where a person would have put them, old ones leave alone, and every other byte stays."""

import pytest

from hub.config.document import read
from hub.config.splice import CannotSplice, changed, inserted, removed

ENTRY = {"integration": "ocpp", "station": "CP-1", "max_a": 16.0, "phases": ["L1", "L2"]}

CASES: list[tuple[str, str, str]] = [
    ("after the last entry, before comments that follow", """\
grid: {limit_a: 25}
chargers:
  bay-0:
    station: x   # why
  # bay-9:
  #   later

meters:
""", """\
grid: {limit_a: 25}
chargers:
  bay-0:
    station: x   # why
  bay-1:
    integration: ocpp
    station: CP-1
    max_a: 16
    phases: [L1, L2]
  # bay-9:
  #   later

meters:
"""),
    ("with the indentation of its neighbours", """\
chargers:
      bay-0:  {station: x}
""", """\
chargers:
      bay-0:  {station: x}
      bay-1:
        integration: ocpp
        station: CP-1
        max_a: 16
        phases: [L1, L2]
"""),
    ("beneath an empty section, before its commented example", """\
chargers:   # one for each outlet
  # bay-1:
meters:
""", """\
chargers:   # one for each outlet
  bay-1:
    integration: ocpp
    station: CP-1
    max_a: 16
    phases: [L1, L2]
  # bay-1:
meters:
"""),
    ("in place of empty braces", """\
chargers: {}  # none yet
grid: {limit_a: 25}
""", """\
chargers:  # none yet
  bay-1:
    integration: ocpp
    station: CP-1
    max_a: 16
    phases: [L1, L2]
grid: {limit_a: 25}
"""),
    ("as a new section at the end", """\
grid: {limit_a: 25}
# the end""", """\
grid: {limit_a: 25}
# the end

chargers:
  bay-1:
    integration: ocpp
    station: CP-1
    max_a: 16
    phases: [L1, L2]
"""),
    ("between braces", """\
chargers: {bay-0: {station: x}}   # short
""", """\
chargers: {bay-0: {station: x}, bay-1: {integration: ocpp, station: CP-1, max_a: 16, phases: [L1, L2]}}   # short
"""),
    ("after an alias and before the document's end mark", """\
x: &x {station: x}
chargers:
  bay-0: *x
...
""", """\
x: &x {station: x}
chargers:
  bay-0: *x
  bay-1:
    integration: ocpp
    station: CP-1
    max_a: 16
    phases: [L1, L2]
...
"""),
    ("after a text of several lines", """\
chargers:
  bay-0:
    name: |
      one
      two

# comment
""", """\
chargers:
  bay-0:
    name: |
      one
      two

  bay-1:
    integration: ocpp
    station: CP-1
    max_a: 16
    phases: [L1, L2]
# comment
"""),
    ("after a list and a value that is left empty", """\
chargers:
  bay-0:
    phases:
    - L1
    name:

meters:
""", """\
chargers:
  bay-0:
    phases:
    - L1
    name:
  bay-1:
    integration: ocpp
    station: CP-1
    max_a: 16
    phases: [L1, L2]

meters:
"""),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_entry_is_inserted(before: str, after: str) -> None:
    assert inserted(before, ("chargers", "bay-1"), ENTRY) == after
    assert inserted(before.replace("\n", "\r\n"), ("chargers", "bay-1"), ENTRY) == after.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("grid:\n  limit_a: 25 # fuse\n\nweb:\n", "grid:\n  limit_a: 25 # fuse\n  meter: main\n\nweb:\n"),
        ("grid: {limit_a: 25}\n", "grid: {limit_a: 25, meter: main}\n"),
        ("grid: {limit_a: 25, }\n", "grid: {limit_a: 25, meter: main }\n"),
        ("grid: {\n  limit_a: 25\n}\n", "grid: {\n  limit_a: 25, meter: main\n}\n"),
    ],
)
def test_a_key_is_inserted(before: str, after: str) -> None:
    assert inserted(before, ("grid", "meter"), "main") == after


@pytest.mark.parametrize(
    "value",
    [
        "plain", "two words", "0123", "12", "1e3", "true", "No", "", " x", "a: b", "a #b", "#a", "- a", "[a]",
        "'a'", '"a"', "é", "L1,L2", "!x", "&a", "*a", "%a", "@a", "null", "~", "2024-01-01", ".5", "0x1f", "a\\b",
        "🚗", "a\u2028b",
        1, 1.5, 16.0, 0, -3, True, None, ["L1", 2, "0"], {"a": {"b": ["c", "1"]}, "d": None},
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(value: object) -> None:
    for before in ("a:\n  x: 1\n", "a: {x: 1}\n", "a:\n"):
        text = inserted(before, ("a", "new"), value)
        assert read(text).findings == []
        assert read(text).at(("a", "new")) == value


@pytest.mark.parametrize(
    "before",
    [
        "chargers:\n  bay-1: {}\n",  # there already
        "chargers: none\n",  # not a group
        "chargers: [a]\n",
        "- a\n",
        "chargers: {a: 1 # why\n}\n",  # a comment before the brace
        "chargers: {\n}\n",
    ],
)
def test_what_is_not_understood_is_left_alone(before: str) -> None:
    with pytest.raises(CannotSplice):
        inserted(before, ("chargers", "bay-1"), ENTRY)


REMOVED: list[tuple[str, str, str, str]] = [
    ("from the middle, comments around it kept", "chargers.bay-1", """\
chargers:
  # the first one
  bay-0: {station: x}   # zero
  # the second one
  bay-1:               # by the door
    integration: ocpp
    # not used
    station: 'CP-1'    # as printed
  # later: bay-9

  bay-2:
    station: y
""", """\
chargers:
  # the first one
  bay-0: {station: x}   # zero
  # the second one
  # later: bay-9

  bay-2:
    station: y
"""),
    ("the last of its group", "chargers.bay-1", """\
chargers:
  bay-1:
    station: x

# meters follow
meters: {}
""", """\
chargers:

# meters follow
meters: {}
"""),
    ("a key", "grid.meter", """\
grid:
  meter: main   # in the cellar
  limit_a: 25
""", """\
grid:
  limit_a: 25
"""),
    ("at the end of a file without a line end", "chargers.bay-1", """\
chargers:
  bay-0: {station: x}
  bay-1:
    phases:
    - L1""", """\
chargers:
  bay-0: {station: x}
"""),
    ("one with a text of several lines", "chargers.bay-1", """\
chargers:
  bay-1:
    name: >
      one
      two
  bay-2: {station: y}
""", """\
chargers:
  bay-2: {station: y}
"""),
    ("an alias", "chargers.bay-1", """\
x: &x {station: x}
chargers:
  bay-1: *x
  bay-2: {station: y}
""", """\
x: &x {station: x}
chargers:
  bay-2: {station: y}
"""),
    ("first between braces", "grid.meter", "grid: {meter: m, limit_a: 25}  # fuse\n", "grid: {limit_a: 25}  # fuse\n"),
    ("last between braces", "grid.meter", "grid: { limit_a: 25 , meter: main }\n", "grid: { limit_a: 25 }\n"),
    ("alone between braces", "meters.main", "meters: {main: {host: a}}\n", "meters: {}\n"),
    ("before a last comma", "grid.meter", "grid: {limit_a: 25, meter: main, }\n", "grid: {limit_a: 25, }\n"),
    ("between braces over several lines", "grid.meter", """\
grid: {
  limit_a: 25,
  meter: main
}
""", """\
grid: {
  limit_a: 25
}
"""),
]  # fmt: skip


@pytest.mark.parametrize(("key", "before", "after"), [case[1:] for case in REMOVED], ids=[case[0] for case in REMOVED])
def test_an_entry_is_taken_out(key: str, before: str, after: str) -> None:
    place = tuple(key.split("."))
    assert removed(before, place) == after
    assert removed(before.replace("\n", "\r\n"), place) == after.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: {x: 'CP-1'}  # printed\n", "a: {x: CP-2}  # printed\n"),
        ('a:\n  x:   "CP-1"   # printed\n  y: 1\n', "a:\n  x:   CP-2   # printed\n  y: 1\n"),
        ("a:\n  x: CP-1", "a:\n  x: CP-2"),
        ("a:\n  x:    # nobody yet\n  y: 1\n", "a:\n  x: CP-2    # nobody yet\n  y: 1\n"),
        ("a:\n  x: !!str 12\n", "a:\n  x: CP-2\n"),
        ("a: {x: , y: 1}\n", "a: {x: CP-2 , y: 1}\n"),
    ],
)
def test_a_value_is_changed(before: str, after: str) -> None:
    assert changed(before, ("a", "x"), "CP-2") == after


@pytest.mark.parametrize("value", ["plain", "0123", "true", "a: b", "é", "", 12, 1.5, True, None])
def test_what_is_changed_is_read_again(value: object) -> None:
    for before in ("a:\n  x: 1\n  y: 2\n", "a: {x: '1', y: 2}\n"):
        document = read(changed(before, ("a", "x"), value))
        assert document.at(("a",)) == {"x": value, "y": 2}


@pytest.mark.parametrize(
    "before",
    [
        "a: {b: 1}\n",  # not there
        "a: [x]\n",
        "z: &z {x: 1}\na: *z\n",  # stands elsewhere, where others see it too
        "z: &z {x: 1}\na: {<<: *z}\n",  # so does this
        "a: {b: 1, # why\n  x: 1}\n",  # whose comment is it?
        "z: &z 1\na: {b: *z, x: 1}\n",
        "a:\n  ? x\n  : 1\n",
        "a: [\n",
    ],
)
def test_what_is_not_understood_is_not_taken_out(before: str) -> None:
    with pytest.raises(CannotSplice):
        removed(before, ("a", "x"))


@pytest.mark.parametrize(
    "before",
    [
        "a: {x: {y: 1}}\n",
        "a: {x: [1]}\n",
        "z: &z 1\na: {x: *z}\n",
        "a:\n  x: |\n    text\n",
        "a:\n  x: 'one\n    two'\n",
    ],
)
def test_what_is_no_single_value_is_not_changed(before: str) -> None:
    with pytest.raises(CannotSplice):
        changed(before, ("a", "x"), 2)
