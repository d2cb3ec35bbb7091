"""config.yaml on the disk: which state of it was read, and how another one is put in its place. All or nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple

from hub.model.errors import Refused


class Stamp(NamedTuple):
    """One state of a file: an edit makes another."""

    inode: int
    size: int
    mtime_ns: int


def stamp_of(path: Path) -> Stamp | None:
    """The state of the file now, links followed; None when there is none that can be looked at."""
    try:
        return _stamp(path.stat())
    except OSError:
        return None


def put(path: Path, text: str) -> Stamp:
    """Write a new file beside the old one, flush it to the disk, and put it in its place with the same rights.

    Answers its stamp. Raises Refused with the next step; then the old file is as it was.
    """
    path = path.resolve()
    fresh = path.with_name(f".{path.name}.new")
    try:
        old = path.stat()
        with open(fresh, "wb", opener=_private) as file:
            file.write(text.encode("utf-8"))
            os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            file.flush()
            os.fsync(file.fileno())
            stamp = _stamp(os.fstat(file.fileno()))
        fresh.replace(path)
        _flush_folder(path.parent)
    except OSError as failed:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise Refused(f"{path} cannot be written: {failed.strerror}", _next_step(failed)) from failed
    return stamp


def _stamp(now: os.stat_result) -> Stamp:
    return Stamp(now.st_ino, now.st_size, now.st_mtime_ns)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _next_step(failed: OSError) -> str:
    if failed.errno in {errno.EBUSY, errno.EXDEV}:
        return "the file is mounted by itself: mount its folder instead"
    if failed.errno == errno.ENOSPC:
        return "make room on the disk, then try again"
    return "give the hub's user the right to write the file and its folder, then try again"
