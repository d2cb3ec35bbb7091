"""A small path language, and what it finds."""

import pytest

from integrations.generic_mqtt.path import at, steps

MESSAGE = {"ENERGY": {"Power": [1, 2, 3], "Total": None}, "a-b c": {"0": 5}, "list": [[7]]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", MESSAGE),
        ("ENERGY.Power", [1, 2, 3]),
        ("ENERGY.Power[2]", 3),
        ("ENERGY.Power[3]", None),
        ("ENERGY.Power.x", None),
        ("ENERGY[0]", None),
        ("ENERGY.Total", None),
        ("ENERGY.Total.deeper", None),
        ("a-b c.0", 5),
        ("list[0][0]", 7),
        ("nothing", None),
    ],
)
def test_what_is_found(path: str, found: object) -> None:
    assert at(MESSAGE, path) == found


def test_a_list_may_be_the_whole_message() -> None:
    assert at([1, 2], "[1]") == 2
    assert steps("[1].a") == (1, "a")


@pytest.mark.parametrize("path", [".", "a.", ".a", "a..b", "a[", "a[x]", "a[-1]", "a[0]b", "[]", "a[99999]"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="no path into a message"):
        steps(path)
