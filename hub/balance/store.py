"""What people asked of chargers, kept over a restart."""

from __future__ import annotations

from collections.abc import Mapping

from hub.core.documents import Documents
from hub.model.grant import Wish
from hub.model.ids import ChargerId

DOCUMENT = "balance"


async def load_wishes(documents: Documents) -> dict[ChargerId, Wish]:
    """The wishes of before; what cannot be read is left out."""
    document = await documents.load(DOCUMENT)
    wishes = document.get("wishes") if isinstance(document, dict) else None
    return {ChargerId(str(id)): _read(wish) for id, wish in wishes.items()} if isinstance(wishes, dict) else {}


async def save_wishes(documents: Documents, wishes: Mapping[ChargerId, Wish]) -> None:
    """Write them down; on disk when this returns."""
    asked = {id: {"limit_a": wish.limit_a, "allow": wish.allow} for id, wish in wishes.items() if wish != Wish()}
    await documents.save(DOCUMENT, {"wishes": asked})


def _read(wish: object) -> Wish:
    if not isinstance(wish, dict):
        return Wish()
    limit_a = wish.get("limit_a")
    return Wish(float(limit_a) if isinstance(limit_a, (int, float)) else None, wish.get("allow") is not False)
