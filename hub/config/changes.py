"""What a new configuration changes in the one before: which keys, and what of it waits for a restart. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

LIVE = frozenset(
    {"site", "public_url", "grid", "circuits", "chargers", "meters", "balance", "access", "discovery", "recorder"}
)
"""The sections that count as soon as the file is read; every other one is read once, when the hub starts."""


def differing(before: BaseModel, after: BaseModel) -> Iterator[str]:
    """The dotted keys whose values differ: `grid.limit_a`; of circuits, chargers and meters the whole entry."""
    for section in type(after).model_fields:
        old, new = getattr(before, section, None), getattr(after, section)
        if isinstance(old, BaseModel) and isinstance(new, BaseModel):
            old, new = dict(old), dict(new)  # not as dumped: there all secrets are alike
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from (f"{section}.{key}" for key in {**old, **new} if old.get(key) != new.get(key))
        elif old != new:
            yield section


def needing_restart(started: BaseModel, now: BaseModel) -> tuple[str, ...]:
    """The keys that say something else than when the hub started, and are read only then."""
    return tuple(key for key in differing(started, now) if key.split(".")[0] not in LIVE)
