"""A change of config.yaml as data: what shall stand where, and the text in which it does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from hub.config.document import read
from hub.config.load import BYTE_ORDER_MARK
from hub.config.splice import CannotSplice, changed, inserted, removed


class Nothing(Enum):
    """What stands where something was taken out."""

    GONE = "gone"


GONE = Nothing.GONE
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall stand where, in this order; `about` is the entry that it is about, `chargers.bay-1`.

    `by_hand` says the same to a person, for a file that is written in a way that the hub cannot change safely.
    """

    about: str
    changes: tuple[tuple[Place, object], ...]
    by_hand: str
    answer: Mapping[str, object]  # for who gave the order


def edited(text: str, plan: Plan) -> str:
    """The text with the changes and nothing else changed; read again to be sure of that. Raises CannotSplice."""
    body = text.removeprefix(BYTE_ORDER_MARK)
    wanted = read(body).plain
    for place, value in plan.changes:
        is_there = _has(wanted, place)
        if value is GONE:
            body = removed(body, place) if is_there else body
        else:
            body = changed(body, place, value) if is_there else inserted(body, place, value)
        wanted = _with(wanted, place, value)
    if _said(read(body).plain) != _said(wanted):
        raise CannotSplice("the result reads differently")
    return text[: len(text) - len(text.removeprefix(BYTE_ORDER_MARK))] + body


def _has(plain: object, place: Place) -> bool:
    for step in place:
        if not (isinstance(plain, dict) and step in plain):
            return False
        plain = plain[step]
    return True


def _with(plain: object, place: Place, value: object) -> dict[str, object]:
    """The plain values with another one at this place."""
    here = dict(plain) if isinstance(plain, dict) else {}
    if len(place) > 1:
        here[place[0]] = _with(here.get(place[0]), place[1:], value)
    elif value is GONE:
        here.pop(place[0], None)
    else:
        here[place[0]] = value
    return here


def _said(plain: object) -> object:
    """Without sections that have nothing in them: those say nothing, however they are written."""
    return {k: v for k, v in plain.items() if v not in (None, {})} if isinstance(plain, dict) else plain
