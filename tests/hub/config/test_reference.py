"""The page of the configuration has every key with its default and meaning, and its examples are good files."""

import re
from pathlib import Path

import pytest

from hub.config.load import check
from hub.config.schema import Config
from tests.hub.config.reference import BLOCK, PAGE, refreshed, sections

OURS = "demo"  # integrations of these tests alone


def page() -> str:
    return PAGE.read_text()


def test_every_section_has_its_table() -> None:
    written = {block[1] for block in BLOCK.finditer(page())}
    assert written == {name for name, _ in sections() if not re.search(rf"(^|with integration ){OURS}", name)}


def test_the_tables_are_what_the_models_say() -> None:
    assert refreshed(page()) == page(), "make them anew: python -m tests.hub.config.reference"


def test_every_key_has_a_meaning() -> None:
    without = [
        f"{name}.{key}"
        for name, model in sections()
        for key, field in model.model_fields.items()
        if not field.description and OURS not in name
    ]
    assert without == []


def test_every_key_of_the_top_is_a_heading_or_a_row() -> None:
    text = page()
    missing = [key for key in Config.model_fields if f"\n## {key}\n" not in text and f"| `{key}` |" not in text]
    assert missing == []


def examples() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", examples())
def test_an_example_is_a_good_file(tmp_path: Path, text: str) -> None:
    """Examples show one section; what they refer to is added here."""
    rest = [
        "" if "\ngrid:" in f"\n{text}" else "grid: {limit_a: 400}\n",
        "meters:\n  cellar: {integration: shelly, station: m2}\n" if "cellar" in text else "",
    ]
    file = tmp_path / "config.yaml"
    file.write_text(text + "".join(rest))
    assert check(file).problems == ()
