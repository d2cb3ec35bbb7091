"""What changed between two looks at the site, numbered, and enough of it kept that a reader can go on where it was.

A reader that has fallen behind what is kept gets a snapshot: nothing waits for anybody. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import orjson

Document = Mapping[str, Any]

BY_ID = ("chargers", "circuits", "meters")
MOVES = ("ts", "hub")  # differs in each document, and is no news
MOST_KEPT = 600
MOST_KEPT_BYTES = 4_000_000


class Changes:
    """One series of changes. Its numbers count in this `epoch` only: after a restart of the hub there is another."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.seq = 0
        self._last: Document = {}
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0

    def see(self, document: Document) -> bool:
        """Look at the site as it is now; True when something is new."""
        news = changed(self._last, document)
        self._last = document
        if not news:
            return False
        self.seq += 1
        said = {"kind": "change", "epoch": self.epoch, "seq": self.seq, "ts": document.get("ts"), **news}
        self._keep(orjson.dumps(said))
        return True

    def snapshot(self) -> bytes:
        """The site as it was last seen, and the number that the next change follows."""
        return orjson.dumps({"kind": "snapshot", "epoch": self.epoch, "seq": self.seq, "status": self._last})

    def after(self, seq: int) -> list[bytes] | None:
        """Every change after this one; None where they are not kept any more, or this one never was."""
        missing = self.seq - seq
        if not 0 <= missing <= len(self._kept):
            return None
        return list(self._kept)[len(self._kept) - missing :]

    def _keep(self, change: bytes) -> None:
        self._kept.append(change)
        self._kept_bytes += len(change)
        while len(self._kept) > MOST_KEPT or self._kept_bytes > MOST_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft())


class Reader:
    """How far one reader of the changes has come. `seq` None: it has nothing yet."""

    def __init__(self, changes: Changes, seq: int | None) -> None:
        self._changes, self._seq = changes, seq

    def take(self) -> list[bytes]:
        """What it has to be sent now: the changes that it does not have, or a snapshot."""
        changes = None if self._seq is None else self._changes.after(self._seq)
        self._seq = self._changes.seq
        return [self._changes.snapshot()] if changes is None else changes


def changed(before: Document, after: Document) -> dict[str, object]:
    """The parts that differ: devices and circuits one by one, null where one has gone, all else as a whole."""
    news: dict[str, object] = {}
    for part in after.keys() - MOVES:
        was, now = before.get(part), after[part]
        if part in BY_ID:
            items = _items(was or {}, now)
            if items:
                news[part] = items
        elif _bare(was) != _bare(now):
            news[part] = now
    return news


def _items(was: Document, now: Document) -> dict[str, object]:
    new = {id: item for id, item in now.items() if id not in was or _bare(was[id]) != _bare(item)}
    return new | {id: None for id in was if id not in now}


def _bare(value: Any) -> Any:
    """Without the moment at which it was looked at."""
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if key != "ts"}
    return [_bare(item) for item in value] if isinstance(value, list) else value
