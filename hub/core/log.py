"""Logs: one line each on stderr, with the room's name and the device's; JSON lines where a machine reads them."""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from contextlib import nullcontext
from datetime import UTC, datetime

from aiohttp.http_exceptions import HttpProcessingError

Entry = dict[str, str]
"""A line of the log: ts, level, room, text; station and traceback where there are any."""

LEVELS = ("debug", "info", "warning", "error", "critical")
MOST_KEPT = 2000
LONGEST_TEXT = 8000


def visible(text: str) -> str:
    """What others said, in one line and without what moves a terminal's cursor."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class JsonLines(logging.Formatter):
    """One JSON object a line for machines."""

    def entry(self, record: logging.LogRecord) -> Entry:
        """ts, level, room, text and, where there are any, the station and the traceback."""
        entry = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": _room(record.name),
            "text": visible(record.getMessage()),
        }
        if station := _station(record.name):
            entry["station"] = station
        if record.exc_info is not None:
            entry["traceback"] = self.formatException(record.exc_info)
        return entry

    def format(self, record: logging.LogRecord) -> str:
        """The entry in a line."""
        return json.dumps(self.entry(record), ensure_ascii=False)


class Recent(logging.Handler):
    """The latest lines, in memory: a bounded number of entries, each cut where it is too long. From any thread."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        super().__init__()
        self._lines: deque[tuple[int, Entry]] = deque(maxlen=most)
        self._format, self._last = JsonLines(), 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it under the next number; logging calls this under a lock of its own."""
        self._last += 1
        entry = {key: text[:LONGEST_TEXT] for key, text in self._format.entry(record).items()}
        self._lines.append((self._last, entry))

    def after(self, no: int) -> list[tuple[int, Entry]]:
        """What is still here of the lines after this number, oldest first."""
        with self.lock or nullcontext():
            return [line for line in self._lines if line[0] > no]


def plain_line(entry: Entry) -> str:
    """An entry as `Lines` has it."""
    when = datetime.fromisoformat(entry["ts"]).astimezone().strftime("%H:%M:%S")
    text = f"{entry['station']}: {entry['text']}" if "station" in entry else entry["text"]
    line = f"{when} {entry['level'].upper():<7} {entry['room']:<12} {text}"
    return line if "traceback" not in entry else f"{line}\n{entry['traceback']}"


class Lines(JsonLines):
    """`15:04:05 INFO balance  text` for people, and the traceback beneath where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry in words."""
        return plain_line(self.entry(record))


class NotOurFault(logging.Filter):
    """Keeps out tracebacks of requests that are no HTTP (a port scan) or whose peer hung up before the answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True for what somebody here has to read."""
        failed = None if record.exc_info is None else record.exc_info[1]
        return not isinstance(failed, HttpProcessingError | ConnectionError)


def to_stderr(*, as_json: bool = False, level: int = logging.INFO) -> None:
    """Send every log of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else Lines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(NotOurFault())
    for chatty in ("apscheduler", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _room(logger: str) -> str:
    """`hub.balance.service`, `integrations.ocpp.charger`, `hub.core.mqtt_link.client`: by their folder; ours first."""
    parts = logger.split(".")
    if parts[:2] == ["hub", "core"] and len(parts) > 3:
        return parts[2]
    return parts[1] if len(parts) > 1 and parts[0] in ("hub", "integrations", "evhub") else logger


def _station(logger: str) -> str:
    """`integrations.shelly.08f9e0e5c790` speaks of one device; `integrations.ocpp.server` is a module and does not."""
    parts = logger.split(".", 2)
    of_device = len(parts) == 3 and parts[0] == "integrations" and logger not in sys.modules
    return parts[2] if of_device else ""
