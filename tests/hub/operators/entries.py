"""Entries of a journal, made by hand: the letter is the class, `k`ept, `s`tatus or `p`rogress, at the number given."""

from __future__ import annotations

import json

from hub.core.entry import Entry, Position
from hub.model.facts import Keeping
from hub.operators.config import Tokens
from hub.operators.filter import Filter
from tests.hub.operators.small_hub import AT

EPOCH, EARLIER = "e" * 32, "d" * 32
KEEPING = {"k": Keeping.KEPT, "s": Keeping.STATUS, "p": Keeping.PROGRESS}
NAMES = {"k": "session_started", "s": "charger_connected", "p": "session_progressed"}
EVERYTHING = Filter(frozenset(), frozenset(Keeping), Tokens.PLAIN, b"salt")


def entry(no: int, kind: str = "k", *, epoch: str = EPOCH, base: int = 0, **data: object) -> Entry:
    """One entry. `base` is the number before the first of its epoch."""
    text = json.dumps({"at": "2026-01-31T15:04:05.123Z", **data})
    return Entry(no, Position(epoch, no - base), NAMES[kind], KEEPING[kind], AT, no * 10, "b" * 32, True, text)


def entries(text: str) -> list[Entry]:
    """`"1k 2s 5p"` as entries."""
    return [entry(int(word[:-1]), word[-1]) for word in text.split()]
