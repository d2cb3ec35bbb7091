"""Talking to one go-e Charger: two paths, /api/status with a filter and /api/set, both by GET.

Everything is never asked for: the vendor advises against it. The HTTP status says little: where a model lacks one key,
firmware 60.3 answers 400 and with the other keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson

from hub.sdk import Refused, StationHost, Unreachable, WebDevice, json_object

REQUEST_S = 4.0
AGAIN_S = 0.5
FEW = 10  # firmware before 051.4 has no memory for a longer filter
SWITCHED_OFF = "switch on HTTP API v2 in the go-e app, in the advanced settings of its internet connection"


class Client:
    """The device at whatever address it has now. Everything raises Unreachable when it does not answer properly."""

    def __init__(self, host: StationHost) -> None:
        self._clock = host.clock
        self._device = WebDevice(host, REQUEST_S)
        self._legacy = False  # it takes short JSON arrays as a filter

    def forget(self) -> None:
        """It may have other firmware by now."""
        self._legacy = False

    async def read(self, keys: Sequence[str]) -> Mapping[str, object]:
        """These keys of its status, as far as it has them."""
        if not self._legacy:
            status, body = await self._ask("/api/status", {"filter": ",".join(keys)})
            found = _status(body, keys)
            if found is not None:
                return found
            _check(status)
        merged: dict[str, object] = {}
        for few in _portions(keys):
            merged |= await self._read_legacy(few)
        self._legacy = True
        return merged

    async def write(self, values: Mapping[str, object]) -> None:
        """Set these keys. Raises Refused with the device's own words when it does not take one."""
        said = {key: orjson.dumps(value).decode() for key, value in values.items()}
        status, body = await self._ask("/api/set", said)
        answers = json_object(body)
        if answers is None:
            _check(status)
            if status >= 500:
                raise Unreachable(f"it answers HTTP {status} and {_short(body)}")
            raise Refused(f"it answers {', '.join(said)} with {_short(body)}", "update its firmware in the go-e app")
        for key, text in said.items():
            if answers.get(key) is not True:
                raise Refused(f"it does not take {key}={text}: {_words(answers.get(key))}")

    async def _read_legacy(self, keys: Sequence[str]) -> Mapping[str, object]:
        status, body = await self._ask("/api/status", {"filter": orjson.dumps(keys).decode()})
        found = _status(body, keys)
        if found is not None:
            return found
        _check(status)
        raise Unreachable(
            f"it answers HTTP {status} and {_short(body)}, which is not its status",
            f"check that this is a go-e Charger; {SWITCHED_OFF}; restart it there if it stays so",
        )

    async def _ask(self, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        """HTTP status and body, of the second attempt where at first its own lock was taken (500)."""
        status, body = await self._device.get(path, query)
        if status >= 500:
            await self._clock.sleep(AGAIN_S)
            status, body = await self._device.get(path, query)
        return status, body


def _status(body: bytes, keys: Sequence[str]) -> Mapping[str, object] | None:
    """An object that has at least one of the keys is its status."""
    found = json_object(body)
    return found if found is not None and not found.keys().isdisjoint(keys) else None


def _check(status: int) -> None:
    """Raises Unreachable where the HTTP status says why, and that asking in another way would not help."""
    if status in (403, 404):
        raise Unreachable(f"it has no HTTP API v2 (HTTP {status})", SWITCHED_OFF)
    if status == 401:
        raise Unreachable("it asks for a password", "switch off the password of its local access in the go-e app")


def _portions(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[begin : begin + FEW] for begin in range(0, len(keys), FEW))


def _short(body: bytes) -> str:
    return repr(body[:80].decode(errors="replace"))


def _words(answer: object) -> str:
    return str(answer)[:120] if answer else "no reason given"
