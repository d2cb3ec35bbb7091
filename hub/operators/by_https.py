"""The second way up, for networks that let no MQTT out: the same messages by HTTPS, the ack in the answer."""

from __future__ import annotations

import ssl

import aiohttp

from hub.core.clock import Clock
from hub.model.errors import Unreachable
from hub.operators.by_mqtt import PAUSES
from hub.operators.config import OperatorConfig

DEADLINE = aiohttp.ClientTimeout(total=60, sock_connect=10)
LONGEST_ANSWER = 64 * 1024
REFUSALS = {401: "it does not know our token", 403: "it does not let us in", 413: "it finds a batch too large"}


class ByHttps:
    """Requests one after the other; after a failure it rests, longer each time."""

    name = "https"
    most_at_a_time = 1

    def __init__(self, config: OperatorConfig, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._session: aiohttp.ClientSession | None = None
        self._failures = 0
        self._up_since_s: float | None = None
        self._rests_until_s = float("-inf")
        self.trouble: str | None = None

    def start(self) -> None:
        """Nothing to do: the first request connects."""

    async def stop(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def is_up(self) -> bool:
        """True when the last request was answered as it should."""
        return self._up_since_s is not None

    @property
    def may_send(self) -> bool:
        """True unless it rests."""
        return self._clock.monotonic() >= self._rests_until_s

    async def send_events(self, payload: bytes) -> bytes | None:
        """Post a batch; answers the ack. Raises Unreachable."""
        return await self._post("/v1/events", payload, 200)

    async def send_status(self, payload: bytes) -> None:
        """Post the status. Raises Unreachable."""
        await self._post("/v1/status", payload, 204)

    async def _post(self, path: str, payload: bytes, wanted: int) -> bytes:
        url, headers = f"{self._config.fallback_url}{path}", {"Content-Type": "application/json"}
        try:
            async with self._connected().post(url, data=payload, headers=headers, allow_redirects=False) as response:
                answer = await response.content.read(LONGEST_ANSWER)
                if response.status != wanted:
                    raise self._failed(REFUSALS.get(response.status, f"it answers {response.status}"))
        except (aiohttp.ClientError, OSError, TimeoutError) as failed:
            await self.stop()  # the next try reads the certificates anew
            raise self._failed(_reason(failed)) from failed
        self._worked()
        return answer

    def _worked(self) -> None:
        if self._up_since_s is None:
            self._up_since_s, self.trouble = self._clock.monotonic(), None
        elif self._clock.monotonic() - self._up_since_s > PAUSES.stable_after_s:
            self._failures = 0

    def _failed(self, why: str) -> Unreachable:
        self._failures += 1
        self._up_since_s, self.trouble = None, why
        self._rests_until_s = self._clock.monotonic() + PAUSES.pause_s(self._failures)
        return Unreachable(why)

    def _connected(self) -> aiohttp.ClientSession:
        """The connections, with the certificates as they are now. Raises OSError."""
        if self._session is None:
            config = self._config
            headers = {} if config.token is None else {"Authorization": f"Bearer {config.token.get_secret_value()}"}
            context = ssl.create_default_context(cafile=config.ca)
            if config.certificate is not None:
                context.load_cert_chain(config.certificate, config.key)
            connector = aiohttp.TCPConnector(ssl=context, limit=4)
            self._session = aiohttp.ClientSession(connector=connector, headers=headers, timeout=DEADLINE)
        return self._session


def _reason(failed: Exception) -> str:
    if isinstance(failed, TimeoutError):
        return "it does not answer in time"
    return str(failed) or type(failed).__name__
