"""Reads a site file of the simulator and says, with the line, what is wrong in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from simulator.world.plan import SitePlan

SHIPPED = Path(__file__).parent / "sites"


class BadSiteFile(Exception):
    """The file cannot be used; the text has one line for each thing that is wrong."""


def load_site(name_or_path: str) -> SitePlan:
    """The site of a shipped name ("demo") or of a file. Raises BadSiteFile."""
    path = _find(name_or_path)
    tree = _parse(path)
    try:
        return SitePlan.model_validate(tree)
    except ValidationError as wrong:
        lines = [
            f"{path.name}:{_line(tree, error['loc'])} {_where(error['loc'])}{_message(error['msg'])}"
            for error in wrong.errors()
        ]
        raise BadSiteFile("\n".join(lines)) from wrong


def _find(name_or_path: str) -> Path:
    shipped = SHIPPED / f"{name_or_path}.yaml"
    if shipped.is_file():
        return shipped
    path = Path(name_or_path)
    if path.is_file():
        return path
    names = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.yaml")))
    raise BadSiteFile(f"there is no site file '{name_or_path}'; the shipped sites are {names}")


def _parse(path: Path) -> object:
    try:
        return YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (MarkedYAMLError, UnicodeDecodeError) as wrong:
        raise BadSiteFile(f"{path.name}: not YAML: {wrong}") from wrong


def _line(tree: object, loc: Sequence[int | str]) -> int:
    line = 1
    for step in loc:
        if isinstance(tree, CommentedMap) and step in tree:
            line = tree.lc.key(step)[0] + 1
        elif isinstance(tree, CommentedSeq) and isinstance(step, int) and step < len(tree):
            line = tree.lc.item(step)[0] + 1
        else:
            break
        tree = tree[step]
    return line


def _where(loc: Sequence[int | str]) -> str:
    return ".".join(str(step) for step in loc) + ": " if loc else ""


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")
