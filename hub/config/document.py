"""A YAML file as plain values, with the line of each key: what the checks need to point at a place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from hub.config.problem import Finding, Place

STANDARD_TAG = "tag:yaml.org,2002:"
KINDS = frozenset({"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"})
NUMBERS = frozenset({"int", "float"})
MOST_DIGITS = 18  # of a whole number: what fits into 64 bits
MOST_VALUES = 200_000  # aliases multiply: a few hundred bytes can stand for millions of values
DEEPEST = 50


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
    except ReaderError as wrong:
        document.findings.append(_forbidden(text, wrong))
        return document
    except RecursionError:
        document.findings.append(TOO_DEEP)
        return document
    except (YAMLError, ValueError) as wrong:
        document.findings.append(
            Finding((), f"this is not YAML: {wrong}", "Repair it, or start from the shipped file.")
        )
        return document
    if document.root is not None:
        document.lines[()] = 1
        try:
            document.plain = _Reader(document).value(document.root, ())
        except _TooMuch as wrong:
            document.findings = [wrong.finding]
    return document


def _forbidden(text: str, wrong: ReaderError) -> Finding:
    """A character that YAML does not allow, at its line."""
    line = text.count("\n", 0, wrong.position) + 1
    return Finding(
        (), f"the character #x{ord(text[wrong.position]):04x} may not stand in YAML", "Remove it.", line=line
    )


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


TOO_DEEP = Finding((), "groups and lists stand too deep in one another", "Look for brackets that are not closed.")
TOO_MANY = Finding((), f"this stands for more than {MOST_VALUES} values", "Write the values out instead of aliases.")


class _TooMuch(Exception):
    """No configuration looks like that; going on would take all time or memory."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class _Reader:
    """Turns nodes into plain values and notes where each stood."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._numbers = YAML(typ="safe", pure=True).constructor
        self._open: set[int] = set()  # nodes that are being read: an alias to one of them would never end
        self._count = 0

    def value(self, node: Node, place: Place) -> object:
        self._count += 1
        if self._count > MOST_VALUES:
            raise _TooMuch(TOO_MANY)
        if len(place) > DEEPEST:
            raise _TooMuch(TOO_DEEP)
        if id(node) in self._open:
            self._find(place, "this refers to itself", "Write the values out.")
            return None
        if not _is_known(node.tag or ""):
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
        if not _is_unicode(str(node.value)):
            self._find(place, "half a character stands here (a lone surrogate)", "Write the text anew.")
            return None
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
            return self._number(node)
        return node.value  # text; a date is text too

    def _number(self, node: Node) -> object:
        """The number; where it is none that can be reckoned with, the text as it is written."""
        if len(str(node.value)) > MOST_DIGITS:
            return node.value
        try:
            number = self._numbers.construct_object(node)
        except ValueError:  # tagged as one: !!int abc
            return node.value
        return number if math.isfinite(number) else node.value

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == f"{STANDARD_TAG}merge":
                merged = {**self._merge(value, place), **merged}
                continue
            name = str(key.value) if isinstance(key, ScalarNode) and _is_unicode(str(key.value)) else ""
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


def _is_known(tag: str) -> bool:
    return tag.startswith(STANDARD_TAG) and tag.removeprefix(STANDARD_TAG) in KINDS


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
