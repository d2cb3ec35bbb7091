"""What the fleet's API reads and whom it lets in: the SQL of the HTTP side."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloud.aggregator.database import Database

FLEET = """
SELECT p.hub_id, p.epoch, p.upto, greatest(p.head, CASE WHEN s.epoch = p.epoch THEN s.seq END),
    greatest(p.heard_at, s.received_at), p.gap_since, s.received_at, s.document
FROM progress p LEFT JOIN hub_status s USING (hub_id)
WHERE p.hub_id > %(after)s AND (%(hub)s::text IS NULL OR p.hub_id = %(hub)s)
    AND NOT EXISTS (SELECT 1 FROM progress n WHERE n.hub_id = p.hub_id AND n.epoch_no > p.epoch_no)
ORDER BY p.hub_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Which hubs are wanted: one, or so many after one."""

    hub: str | None = None
    after: str = ""
    limit: int = 1000


class Fleet:
    """The read side, and the tokens of hubs that come over HTTP."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_well(self) -> bool:
        """True when the database answers; raises one of AWAY."""
        async with self._database.transaction() as connection:
            return await (await connection.execute("SELECT 1")).fetchone() == (1,)

    async def hub_of(self, token: str) -> str | None:
        """Whose token it is; None when it is nobody's."""
        async with self._database.transaction() as connection:
            rows = await connection.execute("SELECT hub_id FROM hub_token WHERE digest = %s", [digest(token)])
            found = await rows.fetchone()
        return str(found[0]) if found else None

    async def hubs(self, page: Page) -> Sequence[Mapping[str, object]]:
        """The hubs of a page in the order of their ids, each with its last status."""
        async with self._database.transaction() as connection:
            wanted = {"hub": page.hub, "after": page.after, "limit": page.limit}
            rows = await connection.execute(FLEET, wanted)
            return [_shown(row) for row in await rows.fetchall()]


def _shown(row: Sequence[Any]) -> Mapping[str, object]:
    hub, epoch, upto, head, heard_at, gap_since, status_at, status = row
    return {
        "hub": hub,
        "epoch": epoch,
        "upto": upto,
        "head": head,
        "lag": head - upto,
        "heard_at": _iso(heard_at),
        "gap_since": _iso(gap_since),
        "status_received_at": _iso(status_at),
        "status": status,
    }


def _iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest(token: str) -> bytes:
    """What is kept of a token. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
