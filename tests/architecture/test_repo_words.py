"""No tracked file names a package registry, a place on a developer's machine, unfinished work or a tool that wrote it.

The words are put together from halves here, so that this file can be read by its own test.
"""

import re
from pathlib import Path

import pytest

from tests.architecture.tree import REPOSITORY, tracked


def either(*halves: tuple[str, str]) -> str:
    """A pattern for any of these words, each given in two halves."""
    return "|".join(re.escape(first + second) for first, second in halves)


HOSTS = either(
    ("pypi.", "org"),
    ("python", "hosted."),
    ("registry.", "npmjs"),
    ("registry.", "yarnpkg"),
    ("deb.", "debian.org"),
    ("proxy.", "golang.org"),
)
OWN_INDEX = r"index" + r"-url[ =]+\S*://"
PLACES = r"(?<![\w.$}-])/(?:wo" + r"rk|ro" + r"ot|tm" + r"p|Us" + r"ers|ho" + r"me/(?!pi\b|evhub\b)\w+)/"
UNFINISHED = r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|(?i:\blorem ip" + r"sum\b)"
WRITERS = (
    r"(?i:\b(?:" + either(("cla", "ude"), ("anth", "ropic"), ("chat", "gpt"), ("open", "ai"), ("copi", "lot")) + r")\b)"
)
TESTS_THAT_DO_NOT_TEST = r"mark\.(?:sk" + r"ip|xf" + r"ail)|pytest\.(?:sk" + r"ip|xf" + r"ail|importor" + r"skip)\("
BANNED = {
    "a package registry": f"{HOSTS}|{OWN_INDEX}",
    "a place on one machine": PLACES,
    "unfinished work": UNFINISHED,
    "a writing tool": WRITERS,
    "a test that may not run": TESTS_THAT_DO_NOT_TEST,
}


def text_files() -> list[Path]:
    """Every text file of the repository; a file with a NUL byte is not text."""
    return [file for name in tracked() if b"\0" not in (file := REPOSITORY / name).read_bytes()]


def found_in(text: str, pattern: str) -> list[str]:
    """The lines that hold a banned word, with their numbers."""
    return [f"{n}: {line.strip()}" for n, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


@pytest.mark.parametrize("what", BANNED)
def test_no_file_names(what: str) -> None:
    found = {
        str(file.relative_to(REPOSITORY)): lines
        for file in text_files()
        if (lines := found_in(file.read_text(errors="replace"), BANNED[what]))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a package registry", "https://" + "pypi." + "org/simple"),
        ("a package registry", "--extra-" + "index" + "-url https://example.net"),
        ("a place on one machine", 'open("/wo' + 'rk/main/config.yaml")'),
        ("a place on one machine", "cd /ho" + "me/alice/evhub"),
        ("unfinished work", "# TO" + "DO: later"),
        ("a writing tool", "Co-authored-by: Co" + "pilot"),
        ("a test that may not run", "@pytest.mark.xf" + "ail"),
    ],
)
def test_such_a_line_is_noticed(what: str, line: str) -> None:
    assert found_in(line, BANNED[what])


@pytest.mark.parametrize("line", ["GET /api/v1/work/", "/home/pi/evhub", "the root of the tree", "${HOME}/tmp/x"])
def test_an_innocent_line_is_left_alone(line: str) -> None:
    assert [what for what, pattern in BANNED.items() if found_in(line, pattern)] == []
