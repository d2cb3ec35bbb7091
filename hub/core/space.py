"""How much room is left on the database's disk, looked at now and then."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 10.0
MB = 1_000_000
ENOUGH = 1.2  # so many times the limit must be free before it counts as enough again


@dataclass(slots=True)
class Space:
    """`is_short` is true below `keep_free_mb`, and until a fifth more is free. A server's disk is its own matter."""

    file: Path | None
    keep_free_mb: int
    is_short: bool = False
    free_mb: int = 0
    _told: bool = False
    _looked_s: float = float("-inf")

    @property
    def is_nearly_full(self) -> bool:
        """It is short, and less than half of the limit is free."""
        return self.is_short and self.free_mb * 2 < self.keep_free_mb

    def look(self, now_s: float) -> None:
        """Ask the file system, at most every ten seconds."""
        if self.file is None or now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        try:
            disk = os.statvfs(self.file.parent)
        except OSError:
            return
        self.free_mb = disk.f_bavail * disk.f_frsize // MB
        self.is_short = self.free_mb < self.keep_free_mb * (ENOUGH if self.is_short else 1.0)

    def change(self) -> tuple[bool, int] | None:
        """Whether it became short or enough since this was last asked, and the megabytes that are free; else None."""
        if self.is_short == self._told:
            return None
        self._told = self.is_short
        return self.is_short, self.free_mb
