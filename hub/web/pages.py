"""The owner's pages as a browser gets them: one shell at each of their addresses, and the files that the shell names.

They are built from frontend/ (hatch_build.py). Neither shell nor files hold anything of the site, so they are open;
what they show they ask from the API, which is not.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import hdrs, web

from hub.web.routes import Route

BUILT = resources.files("hub.web").joinpath("static", "app")
SHELL = "index.html"
ADDRESSES = ("/app/", "/app/{page:.+}", "/login", "/claim")
FILES = "/static/app/"
NAMED_BY_CONTENT = "assets/"
FOREVER = "public, max-age=31536000, immutable"
ASK_ANEW = "no-cache"
TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
WORTH_PACKING = frozenset({"css", "html", "js", "svg"})
MORE = {"sw.js": {"Service-Worker-Allowed": "/app/"}}
NOT_BUILT = """<!doctype html>
<html lang="en"><title>evhub</title>
<h1>These pages are not built</h1>
<p>This evhub was installed without them. In a checkout <code>make frontend</code> builds them; then restart the hub.
<code>evhub status</code> and <code>evhub order</code> work meanwhile.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class File:
    """A built file as it is answered, and the same packed where that is worth it."""

    body: bytes
    packed: bytes | None
    headers: Mapping[str, str]

    async def answer(self, request: web.Request) -> web.Response:
        """The file, packed for who takes that."""
        if self.packed is None or "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=self.body, headers=self.headers)
        return web.Response(body=self.packed, headers={**self.headers, hdrs.CONTENT_ENCODING: "gzip"})


def routes() -> list[Route]:
    """The shell at every address of the pages, so that a reload stays where it was, and each file."""
    files = dict(_built(BUILT))
    shell = files[SHELL].answer if SHELL in files else _not_built
    shown = [Route("GET", address, shell, None) for address in ADDRESSES]
    return [*shown, *(Route("GET", f"{FILES}{name}", file.answer, None) for name, file in files.items())]


def _built(folder: Traversable, below: str = "") -> Iterator[tuple[str, File]]:
    """Every built file by its path; none where they were not built."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir():
            yield from _built(entry, f"{below}{entry.name}/")
        elif (suffix := entry.name.rpartition(".")[2]) in TYPES:
            yield f"{below}{entry.name}", _file(f"{below}{entry.name}", suffix, entry.read_bytes())


def _file(name: str, suffix: str, body: bytes) -> File:
    kind = TYPES[suffix]
    headers = {
        hdrs.CONTENT_TYPE: f"{kind}; charset=utf-8" if suffix in WORTH_PACKING else kind,
        hdrs.CACHE_CONTROL: FOREVER if name.startswith(NAMED_BY_CONTENT) else ASK_ANEW,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        **MORE.get(name, {}),
    }
    return File(body, gzip.compress(body, mtime=0) if suffix in WORTH_PACKING else None, headers)


async def _not_built(request: web.Request) -> web.Response:
    return web.Response(status=503, text=NOT_BUILT, content_type="text/html")
