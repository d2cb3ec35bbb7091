"""Where a value stands in a JSON message: `ENERGY.Current[0]`. Pure."""

from __future__ import annotations

import re

Steps = tuple[str | int, ...]

STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,4})\]")
WHOLE = re.compile(r"(?:[^.\[\]]+|\[\d{1,4}\])(?:\.[^.\[\]]+|\[\d{1,4}\])*")


def steps(path: str) -> Steps:
    """The names and places on the way; none for "", which is the whole message. Raises ValueError."""
    if path and WHOLE.fullmatch(path) is None:
        raise ValueError("is no path into a message; write one like ENERGY.Current[0], or leave it out for all of it")
    return tuple(int(place) if place else name for name, place in STEP.findall(path))


def at(document: object, path: str) -> object:
    """What stands there; None where there is nothing."""
    for step in steps(path):
        if isinstance(step, str) and isinstance(document, dict):
            document = document.get(step)
        elif isinstance(step, int) and isinstance(document, list) and step < len(document):
            document = document[step]
        else:
            return None
    return document
