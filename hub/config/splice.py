"""Writing into a YAML file without touching what people wrote: only what was asked for changes, byte for byte.

A round trip through a YAML library keeps comments and order, but it may move blanks, wrap lines and change quotes.
Here the library says only where things stand, and the text is cut and joined there. Who calls this reads the result
again and compares, so a shape of file that was not thought of ends in a refusal, never in a wrong file. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub.config.document import composed

STEPS = (2, 3, 4)  # blanks of one level of indentation; the first where the file shows none of these
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*")
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


class CannotSplice(Exception):
    """The file is written in a way that this module does not understand."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a mapping stands: `key` leads to it, `indent` is the column of its own keys."""

    node: Node
    key: Node | None
    indent: int
    step: int


def inserted(text: str, place: tuple[str, ...], value: object) -> str:
    """The text with `value` at `place`, whose groups are made where they are missing.

    `value`: text, number, boolean, None, list of such, or a mapping. Raises CannotSplice.
    """
    root = _root(text)
    spot = _Spot(root, None, 0, _step(root))
    for depth, name in enumerate(place[:-1]):
        found = _child(spot.node, name)
        if found is None:
            return _insert(text, spot, place[depth], _nested(place[depth + 1 :], value))
        spot = _Spot(found[1], found[0], found[0].start_mark.column + spot.step, spot.step)
    if _child(spot.node, place[-1]) is not None:
        raise CannotSplice(f"{'.'.join(place)} is written already")
    return _insert(text, spot, place[-1], value)


def removed(text: str, place: tuple[str, ...]) -> str:
    """The text without the key at `place` and all beneath it; comments around it stay. Raises CannotSplice."""
    group, number = _pair(_root(text), place)
    key, value = group.value[number]
    if group.flow_style:
        return _out_of_flow(text, group, number)
    _alone_in_its_line(text, key)
    parts = text.splitlines(keepends=True)
    return "".join([*parts[: key.start_mark.line], *parts[_end_of_pair(key, value) :]])


def changed(text: str, place: tuple[str, ...], value: object) -> str:
    """The text with another value at `place`, where one value stands in one line now. Raises CannotSplice."""
    group, number = _pair(_root(text), place)
    key, node = group.value[number]
    if not isinstance(node, ScalarNode) or _is_alias(key, node) or node.start_mark.line != node.end_mark.line:
        raise CannotSplice(f"{'.'.join(place)} is not one value in one line")
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:  # nothing stands there yet
        start = end = text.index(":", key.end_mark.index) + 1
        return f"{text[:start]} {_flow(value)}{text[end:]}"
    return f"{text[:start]}{_flow(value)}{text[end:]}"


def _root(text: str) -> Node:
    try:
        root = composed(text)
    except (YAMLError, ValueError, RecursionError) as wrong:
        raise CannotSplice("it would not be YAML any more") from wrong
    if root is None:
        raise CannotSplice("the file holds no keys")
    return root


def _pair(root: Node, place: tuple[str, ...]) -> tuple[MappingNode, int]:
    """The group in which the last step of `place` stands, and its number there."""
    node: Node = root
    for name in place[:-1]:
        found = _child(node, name)
        if found is None or _is_alias(*found):
            raise CannotSplice(f"{'.'.join(place)} is not written out")
        node = found[1]
    names = [key.value for key, _ in node.value] if isinstance(node, MappingNode) else []
    if not isinstance(node, MappingNode) or names.count(place[-1]) != 1:
        raise CannotSplice(f"{'.'.join(place)} is not written out")
    return node, names.index(place[-1])


def _is_alias(key: Node, value: Node) -> bool:
    """`key: *x`: the value stands where its anchor is."""
    return bool(value.start_mark.index < key.start_mark.index)


def _alone_in_its_line(text: str, key: Node) -> None:
    if text[text.rfind("\n", 0, key.start_mark.index) + 1 : key.start_mark.index].strip(" "):
        raise CannotSplice("something stands before it in its line")


def _out_of_flow(text: str, group: MappingNode, number: int) -> str:
    """One pair out of `{a: 1, b: 2}`, with the comma that is one too many then."""
    if any(_is_alias(key, value) for key, value in group.value):
        raise CannotSplice("an alias stands between the braces")
    key, value = group.value[number]
    start, end = key.start_mark.index, value.end_mark.index
    if number > 0:
        start = group.value[number - 1][1].end_mark.index
    elif len(group.value) > 1:
        end = group.value[1][0].start_mark.index
    between = text[start : key.start_mark.index] + text[value.end_mark.index : end]
    if "#" in between:
        raise CannotSplice("a comment stands between the braces")
    return text[:start] + text[end:]


def _step(root: Node) -> int:
    """How far the file indents: as its first group does."""
    groups = (
        (value for _, value in root.value if isinstance(value, MappingNode)) if isinstance(root, MappingNode) else ()
    )
    columns = (group.value[0][0].start_mark.column for group in groups if group.value and not group.flow_style)
    return next((column for column in columns if column in STEPS), STEPS[0])


def _nested(names: tuple[str, ...], value: object) -> object:
    for name in reversed(names):
        value = {name: value}
    return value


def _child(node: Node, name: str) -> tuple[Node, Node] | None:
    if not isinstance(node, MappingNode):
        return None
    return next(((k, v) for k, v in node.value if isinstance(k, ScalarNode) and k.value == name), None)


def _insert(text: str, spot: _Spot, name: str, value: object) -> str:
    """One new key at the end of a mapping that is there, or that is still empty."""
    node, ends = spot.node, _line_end(text)
    if isinstance(node, MappingNode) and node.value and not node.flow_style:
        indent = node.value[0][0].start_mark.column
        lines = _lines(name, value, indent, spot.step)
        if spot.key is None and not text[node.end_mark.index :].strip():
            return _join(text, len(text.splitlines()), ["", *lines], ends)
        return _join(text, _end_of(node), lines, ends)
    if isinstance(node, MappingNode) and node.value:
        return _into_flow(text, node, name, value)
    if spot.key is None:
        raise CannotSplice("the file holds no keys")
    return _into_empty(text, spot, _lines(name, value, spot.indent, spot.step), ends)


def _into_empty(text: str, spot: _Spot, lines: list[str], ends: str) -> str:
    """Beneath `chargers:` or `chargers: {}`; what else stands in that line stays."""
    node = spot.node
    if isinstance(node, MappingNode):
        if node.start_mark.line != node.end_mark.line:
            raise CannotSplice("an empty group over several lines")
        text = text[: node.start_mark.index].rstrip(" ") + text[node.end_mark.index :]
    elif not (isinstance(node, ScalarNode) and str(node.tag).endswith(":null") and not node.value):
        raise CannotSplice("no group of keys stands there")
    assert spot.key is not None
    return _join(text, spot.key.end_mark.line + 1, lines, ends)


def _into_flow(text: str, node: MappingNode, name: str, value: object) -> str:
    """Before the closing brace of `{limit_a: 25}`."""
    end = node.end_mark.index - 1
    body = text[:end].rstrip()
    behind = max(mark.end_mark.index for mark in node.value[-1])
    if text[end] != "}" or "#" in text[behind:end]:
        raise CannotSplice("a comment stands before the closing brace")
    comma = "" if body.endswith(",") else ","
    return f"{body}{comma} {_scalar(name)}: {_flow(value)}{text[len(body) :]}"


def _end_of(node: Node) -> int:
    """The line behind the last thing of a node, comments and blank lines after it not counted."""
    if isinstance(node, MappingNode) and node.value and not node.flow_style:
        return _end_of_pair(*node.value[-1])
    if isinstance(node, SequenceNode) and node.value and not node.flow_style:
        return _end_of(node.value[-1])
    if isinstance(node, ScalarNode) and node.style in {"|", ">"}:
        return int(node.end_mark.line)
    return int(node.end_mark.line) + 1


def _end_of_pair(key: Node, value: Node) -> int:
    is_nothing = isinstance(value, ScalarNode) and value.start_mark.index == value.end_mark.index
    return int(key.end_mark.line) + 1 if _is_alias(key, value) or is_nothing else _end_of(value)


def _join(text: str, line: int, lines: list[str], ends: str) -> str:
    """Put lines in front of line number `line` (from 0)."""
    parts = text.splitlines(keepends=True)
    before, after = "".join(parts[:line]), "".join(parts[line:])
    if before and not before.endswith(("\n", "\r")):
        before += ends
    return before + "".join(f"{new}{ends}" for new in lines) + after


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _lines(name: str, value: object, indent: int, step: int) -> list[str]:
    """The new key as block lines; lists in one line, as people write them."""
    head = f"{' ' * indent}{_scalar(name)}:"
    if not isinstance(value, Mapping):
        return [f"{head} {_flow(value)}"]
    return [head, *(line for key, inner in value.items() for line in _lines(str(key), inner, indent + step, step))]


def _flow(value: object) -> str:
    """The value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(inner) for inner in value) + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    """Text plainly where every YAML reader takes it for text, else in quotes."""
    if isinstance(value, str):
        plain = PLAIN.fullmatch(value) is not None and value.casefold() not in WORDS
        return value if plain else json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)
