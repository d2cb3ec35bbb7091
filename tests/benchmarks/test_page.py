"""The page of figures: each measurement has its place there, and writing touches nothing else."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import MEASUREMENTS, main
from benchmarks.page import PAGE, Row, machine, written

ROWS = [Row("this", "2 ms", "4 ms", "2.0", "≤ 2.5"), Row("that", "1 ms", "1 ms", "1.0")]
TEXT = """# By hand

<!-- measured: one -->
old
<!-- end: one -->
between
<!-- measured: two -->
<!-- end: two -->
end
"""


def test_a_part_is_made_anew_and_the_rest_stays() -> None:
    first = written(TEXT, "one", ROWS, "a machine")
    assert first.startswith("# By hand\n\n<!-- measured: one -->\n| what | the peer | evhub | ratio | wanted |\n")
    assert "| this | 2 ms | 4 ms | 2.0 | ≤ 2.5 |\n| that | 1 ms | 1 ms | 1.0 |  |\n" in first
    assert ", on a machine.\n<!-- end: one -->\nbetween\n<!-- measured: two -->\n<!-- end: two -->\nend\n" in first
    assert "old" not in first
    assert written(first, "one", ROWS, "a machine") == first


def test_a_page_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="add the lines <!-- measured: three -->"):
        written(TEXT, "three", ROWS, "a machine")


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_has_its_place(name: str) -> None:
    assert "| this |" in written(PAGE.read_text(encoding="utf-8"), name, ROWS, machine())


def test_an_unknown_measurement_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    assert "meter_values" in capsys.readouterr().err
