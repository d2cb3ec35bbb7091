"""A YAML file as plain values, with the line of each key: what the checks need to point at a place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub.config.problem import Finding, Place

STANDARD_TAG = "tag:yaml.org,2002:"
NUMBERS = frozenset({"int", "float"})


@dataclass(slots=True)
class Document:
    """`plain` holds dicts, lists, text, numbers, booleans and None; `lines` and `written` are by place."""

    plain: object = None
    lines: dict[Place, int] = field(default_factory=dict)  # counted from 1
    written: dict[Place, str] = field(default_factory=dict)  # scalars as they stand in the file
    findings: list[Finding] = field(default_factory=list)
    root: Node | None = None

    def line_of(self, place: Place) -> int | None:
        """The line of the place, or of the nearest one around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def at(self, place: Place) -> object:
        """What stands there; None when nothing does."""
        here = self.plain
        for step in place:
            if isinstance(here, dict):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return None
        return here


@lru_cache(maxsize=2)
def composed(text: str) -> Node | None:
    """The nodes of one YAML 1.2 document, and where each stands; None for an empty one. Raises YAMLError, ValueError.

    An adoption looks at one text several times, and scanning is the dear part. `composed.cache_clear()` when done.
    """
    node: Node | None = YAML(typ="safe", pure=True).compose(text)
    return node


def read(text: str) -> Document:
    """Parse one YAML document. What is wrong with it is in `findings`; nothing is raised."""
    document = Document()
    try:
        document.root = composed(text)
    except MarkedYAMLError as wrong:
        document.findings.extend(_syntax(text, wrong))
        return document
    except (YAMLError, ValueError) as wrong:  # ValueError: a character that YAML does not allow
        document.findings.append(
            Finding((), f"this is not YAML: {wrong}", "Repair it, or start from the shipped file.")
        )
        return document
    if document.root is not None:
        document.lines[()] = 1
        document.plain = _Reader(document).value(document.root, ())
    return document


def _syntax(text: str, wrong: MarkedYAMLError) -> Iterator[Finding]:
    """The parser's own complaint, and every tab in an indentation, which it explains badly."""
    tabs = [n for n, line in enumerate(text.splitlines(), 1) if "\t" in line[: len(line) - len(line.lstrip())]]
    for number in tabs:
        yield Finding(
            (), "a tab stands in the indentation, where YAML allows only blanks", "Write blanks.", line=number
        )
    mark = wrong.problem_mark or wrong.context_mark
    number = 1 if mark is None else mark.line + 1
    if number not in tabs:
        what = " ".join(part for part in (wrong.problem, wrong.context) if part)
        next_step = "Look at the colons, quotes and indentation here and just above."
        yield Finding((), f"this is not YAML: {what}", next_step, line=number)


class _Reader:
    """Turns nodes into plain values and notes where each stood."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._numbers = YAML(typ="safe", pure=True).constructor
        self._open: set[int] = set()  # nodes that are being read: an alias to one of them would never end

    def value(self, node: Node, place: Place) -> object:
        if id(node) in self._open:
            self._find(place, "this refers to itself", "Write the values out.")
            return None
        if not (node.tag or "").startswith(STANDARD_TAG):
            self._find(place, f"the tag {node.tag} means nothing here", "Leave it out.")
            return None
        self._open.add(id(node))
        try:
            return self._value(node, place)
        finally:
            self._open.discard(id(node))

    def _value(self, node: Node, place: Place) -> object:
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self._item(item, (*place, n)) for n, item in enumerate(node.value)]
        self._document.written[place] = str(node.value)
        return self._scalar(node)

    def _item(self, node: Node, place: Place) -> object:
        self._document.lines[place] = node.start_mark.line + 1
        return self.value(node, place)

    def _scalar(self, node: Node) -> object:
        kind = str(node.tag).removeprefix(STANDARD_TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return str(node.value).lower() == "true"
        if kind in NUMBERS:
            number = self._numbers.construct_object(node)
            return number if math.isfinite(number) else node.value
        return node.value  # text; a date is text too

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == f"{STANDARD_TAG}merge":
                merged = {**self._merge(value, place), **merged}
                continue
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            here, line = (*place, name), key.start_mark.line + 1
            if name in found:
                self._find(here, f"stands in line {self._document.lines[here]} already", "Remove one of the two.", line)
                continue
            self._document.lines[here] = line
            found[name] = self.value(value, here)
        return merged | found

    def _merge(self, node: Node, place: Place) -> dict[str, object]:
        """`<<: *other` and `<<: [*one, *other]`: earlier ones win."""
        parts = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, object] = {}
        for part in parts:
            value = self.value(part, place)
            if not isinstance(value, dict):
                self._find(place, "<< takes a group of keys", "Refer to one with *name.")
                continue
            merged = value | merged
        return merged

    def _find(self, place: Place, message: str, next: str, line: int | None = None) -> None:
        self._document.findings.append(Finding(place, message, next, line=line))
