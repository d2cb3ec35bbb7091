"""What `evhub doctor` finds: one look at one thing, how it is, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is. Only a problem makes the exit code 1."""

    OK = "ok"
    HINT = "hint"
    PROBLEM = "problem"


MARKS = {Grade.OK: "✓", Grade.HINT: "!", Grade.PROBLEM: "✗"}


@dataclass(frozen=True, slots=True)
class Look:
    """One of them. `next` is the next step for a person; an OK one has none."""

    name: str
    grade: Grade
    text: str
    next: str = ""


def ok(name: str, text: str) -> Look:
    """All is well."""
    return Look(name, Grade.OK, text)


def hint(name: str, text: str, next: str) -> Look:
    """It may be as it should be."""
    return Look(name, Grade.HINT, text, next)


def problem(name: str, text: str, next: str) -> Look:
    """Somebody has to do something."""
    return Look(name, Grade.PROBLEM, text, next)


def lines(looks: Sequence[Look]) -> list[str]:
    """A line each, with the next step beneath where there is one; then how many of each kind."""
    wide = max((len(look.name) for look in looks), default=0)
    out = []
    for look in looks:
        out.append(f"{MARKS[look.grade]} {look.name:<{wide}}  {look.text}")
        out += [f"  {'':<{wide}}  {step}" for step in look.next.splitlines()]
    return [*out, summed(looks)]


def summed(looks: Sequence[Look]) -> str:
    """`7 ok, 1 hint, 2 problems.`"""
    count = Counter(look.grade for look in looks)
    words = [f"{count[Grade.OK]} ok"]
    for grade in (Grade.HINT, Grade.PROBLEM):
        if count[grade]:
            words.append(f"{count[grade]} {grade}{'' if count[grade] == 1 else 's'}")
    return f"{', '.join(words)}."


def to_json(looks: Sequence[Look]) -> dict[str, object]:
    """`{"ok", "looks": [{"name", "grade", "text", "next"}…]}`."""
    return {"ok": not has_problem(looks), "looks": [asdict(look) for look in looks]}


def has_problem(looks: Sequence[Look]) -> bool:
    """True when somebody has to do something."""
    return any(look.grade is Grade.PROBLEM for look in looks)
