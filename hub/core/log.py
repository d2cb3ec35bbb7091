"""Logs: one line each on stderr, with the room's name and the device's; JSON lines where a machine reads them."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from aiohttp.http_exceptions import HttpProcessingError


class Lines(logging.Formatter):
    """`15:04:05 INFO balance  text` for people."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback beneath where there is one."""
        when = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        station = _station(record.name)
        text = f"{station}: {record.getMessage()}" if station else record.getMessage()
        line = f"{when} {record.levelname:<7} {_room(record.name):<12} {text}"
        return line if record.exc_info is None else f"{line}\n{self.formatException(record.exc_info)}"


class JsonLines(logging.Formatter):
    """One JSON object a line for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """ts, level, room, text and, where there are any, the station and the traceback."""
        entry = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": _room(record.name),
            "text": record.getMessage(),
        }
        if station := _station(record.name):
            entry["station"] = station
        if record.exc_info is not None:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


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
