"""Topic filters: which ones overlap, and the fewest that bring each message once. Pure. MQTT 3.1.1, section 4.7.

A broker may send a message once for each of our filters that matches it, and a plain MQTT 3.1.1 message does not say
for which. So filters that overlap are asked for as one that is as wide as all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

MANY, ONE = "#", "+"


def overlap(one: str, other: str) -> bool:
    """True when some topic matches both."""
    if _is_hidden(one) != _is_hidden(other) and (one[:1] in (MANY, ONE) or other[:1] in (MANY, ONE)):
        return False  # wildcards do not match $SYS and its like
    for mine, theirs in zip_longest(one.split("/"), other.split("/")):
        if MANY in (mine, theirs):
            return True
        if mine != theirs and (None in (mine, theirs) or ONE not in (mine, theirs)):
            return False
    return True


def joined(one: str, other: str) -> str:
    """The narrowest filter that brings what either of two overlapping ones brings."""
    levels: list[str] = []
    for mine, theirs in zip_longest(one.split("/"), other.split("/")):
        if mine is None or theirs is None or MANY in (mine, theirs):
            return "/".join([*levels, MANY])
        levels.append(mine if mine == theirs else ONE)
    return "/".join(levels)


def covering(filters: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Filters, with their QoS, of which no two overlap and that bring all that these would."""
    found: dict[str, int] = {}
    for name, qos in filters:
        while (other := next((known for known in found if overlap(known, name)), None)) is not None:
            qos = max(qos, found.pop(other))  # noqa: PLW2901
            name = joined(name, other)  # noqa: PLW2901
        found[name] = qos
    return found


def _is_hidden(name: str) -> bool:
    return name.startswith("$")
