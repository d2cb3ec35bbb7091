"""What is wrong with a configuration: each problem with its place, its value and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from hub.model.errors import BadConfig

Place = tuple[str | int, ...]
"""Where something stands in the file: ("chargers", "bay-1", "phases", 0)."""


class Level(StrEnum):
    """How bad it is. Only errors keep the hub from starting."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem as the checks see it, before the file's lines are looked up."""

    place: Place
    message: str
    next: str = ""
    level: Level = Level.ERROR
    line: int | None = None  # where it is not the line of the place
    is_known: bool = True  # False for a key that nobody knows: what stands there may be a secret


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `key` is dotted; `value` is what stands there, None when nothing does or it is secret."""

    file: str
    line: int | None
    key: str
    value: object
    message: str
    next: str
    level: Level = Level.ERROR

    @property
    def where(self) -> str:
        """config.yaml:41"""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def to_json(self) -> dict[str, object]:
        """For `--json`."""
        said = {"file": self.file, "line": self.line, "key": self.key, "value": self.value}
        return said | {"message": self.message, "next": self.next, "level": self.level.value}


class BadConfigFile(BadConfig):
    """A configuration file with errors, all of them at once in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        errors = sum(problem.level is Level.ERROR for problem in problems)
        super().__init__(f"the configuration has {counted(errors, 'error')}:\n{table(problems)}", "repair the file")


@dataclass(frozen=True, slots=True)
class Report:
    """What `evhub check-config` says of a file."""

    problems: tuple[Problem, ...]
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # {"circuit": 2, …}
    without_hub: tuple[str, ...] = ()  # what the chargers would do, in lines; empty where the file has an error

    @property
    def errors(self) -> int:
        """How many problems keep the hub from starting."""
        return sum(problem.level is Level.ERROR for problem in self.problems)

    def text(self) -> str:
        """Each problem with its place, value and next step; what the site does without a hub; then it is summed up."""
        lines = [table(self.problems)] if self.problems else []
        return "\n".join([*lines, *self.without_hub, self._sum()])

    def to_json(self) -> dict[str, object]:
        """`{"ok", "problems": […], "without_hub": ["…"], "counts": {…}}`."""
        problems = [problem.to_json() for problem in self.problems]
        alone = list(self.without_hub)
        return {"ok": self.errors == 0, "problems": problems, "without_hub": alone, "counts": dict(self.counts)}

    def _sum(self) -> str:
        things = ", ".join(counted(count, word) for word, count in self.counts.items())
        kinds = ((level.value, sum(p.level is level for p in self.problems)) for level in Level)
        found = ", ".join(counted(count, word) for word, count in kinds if count)
        return f"{things + '. ' if things else ''}{found or 'No problem'}."


def table(problems: Iterable[Problem]) -> str:
    """Three columns: place, key, and what is wrong with the next step beneath."""
    listed = list(problems)
    wide = max((len(problem.where) for problem in listed), default=0)
    keys = max((len(problem.key) for problem in listed), default=0)
    return "\n".join(line for problem in listed for line in _rows(problem, wide, keys))


def counted(count: int, word: str) -> str:
    """1 error, 2 errors."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def _rows(problem: Problem, wide: int, keys: int) -> Iterable[str]:
    said = [*problem.message.splitlines(), *problem.next.splitlines()]
    heads = [f"{problem.where:<{wide}}  {problem.key:<{keys}}   "]
    heads += [" " * len(heads[0])] * (len(said) - 1)
    return (f"{head}{text}".rstrip() for head, text in zip(heads, said, strict=True))
