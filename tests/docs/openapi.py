"""The committed description of the API: `python -m tests.docs.openapi` writes it anew when a route or order changed."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from hub.web.openapi import described
from tests.hub.web.whole import whole

FILE = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


async def document() -> dict[str, Any]:
    """What a whole hub says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        async with whole(Path(folder)) as hub:
            return described(hub.app.web.routes, hub.app.orders.catalogue)


def text(document: dict[str, Any]) -> str:
    """As it is committed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(asyncio.run(document())))
