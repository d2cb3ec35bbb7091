"""Building the pages: only when their sources have changed, and with the next step where npm reaches nobody."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hatch_build import NO_NPM, PAGES, WITHOUT, CannotBuild, Stamp, build_pages
from tests.architecture.tree import REPOSITORY
from tests.conftest import unused_port


def test_a_stamp_goes_by_what_is_in_the_files_and_not_by_their_times(tmp_path: Path) -> None:
    source, stamp = tmp_path / "app.ts", tmp_path / ".pages"
    source.write_text("one")
    Stamp(stamp, [source]).set()
    os.utime(source, (0, 0))
    assert Stamp(stamp, [source]).fits()
    source.write_text("two")
    assert not Stamp(stamp, [source]).fits()


def test_pages_that_stand_as_their_sources_say_are_left_alone() -> None:
    shell = REPOSITORY / PAGES / "index.html"
    before = shell.stat().st_mtime_ns
    build_pages(REPOSITORY)
    assert shell.stat().st_mtime_ns == before


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources alone, and an npm that nobody answers."""
    frontend = tmp_path / "frontend"
    shutil.copytree(REPOSITORY / "frontend", frontend, ignore=shutil.ignore_patterns("node_modules"))
    (frontend / "node_modules").mkdir()
    monkeypatch.delenv(WITHOUT, raising=False)
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{unused_port()}/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    return tmp_path


def test_without_a_network_the_error_says_what_to_do(tree: Path) -> None:
    with pytest.raises(CannotBuild) as failed:
        build_pages(tree)
    assert NO_NPM in str(failed.value)
    assert not (tree / PAGES).exists()


def test_one_may_build_without_the_pages(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WITHOUT, "1")
    build_pages(tree)
    assert not (tree / PAGES).exists()
