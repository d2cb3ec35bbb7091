"""Small things that must survive a restart before there is a database: a JSON file each, written atomically."""

from __future__ import annotations

import json
import os
from pathlib import Path


class Keep:
    """A folder of JSON documents by name. A write is on disk, or the old document is still whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> object | None:
        """The document, or None when there is none or it cannot be read as JSON."""
        try:
            text = (self._folder / f"{name}.json").read_text(encoding="utf-8")
            return json.loads(text)  # type: ignore[no-any-return]
        except (FileNotFoundError, ValueError):
            return None

    def save(self, name: str, document: object) -> None:
        """Write the document: to a new file of mode 0600, flushed to disk, then renamed over the old one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        target, fresh = self._folder / f"{name}.json", self._folder / f".{name}.json.new"
        with open(fresh, "w", encoding="utf-8", opener=_private) as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
