"""New lines land where a person would have put them, and every other byte stays."""

import pytest

from hub.config.document import read
from hub.config.splice import CannotSplice, inserted

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
