"""NATS JetStream as the broker: hubs speak MQTT to it, and their messages lie in two streams until they are committed.

Tried with nats-server 2.15: a QoS 1 publish of an MQTT client is stored in every stream whose subjects match (`/` is
`.` there), and a kill -9 loses nothing that was acknowledged to the client; after a power cut up to `sync_interval` may
be missing. Neither is relied upon: the hub keeps everything until our own acknowledgement, which follows our commit.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig

from cloud.aggregator.lines import MOST_PARCELS, Broker, Fill, LineDown
from cloud.aggregator.parcels import Parcel
from hub.wire.operator.topics import EVENTS, PREFIX, REPLIES, STATUS

log = logging.getLogger(__name__)

DURABLE = "aggregator"
CONNECT_DEADLINE_S = 5.0
PULL_S = 2.0  # a pull that a restarted server has forgotten is missed for no longer than this
ACK_WAIT_S = 30.0  # what an aggregator took and did not commit goes to another after this
MOST_PENDING = 10_000
EVENT_STREAM = StreamConfig(
    name="EVHUB_EVENTS",
    subjects=[f"{PREFIX}.*.{EVENTS}", f"{PREFIX}.*.{REPLIES}"],
    retention=RetentionPolicy.WORK_QUEUE,  # committed is gone from here
    storage=StorageType.FILE,
)
STATUS_STREAM = StreamConfig(
    name="EVHUB_STATUS", subjects=[f"{PREFIX}.*.{STATUS}"], max_msgs_per_subject=1, storage=StorageType.FILE
)
TROUBLE = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)


class NatsLine:
    """One stream, read by a durable pull consumer that all aggregators share."""

    def __init__(self, stream: StreamConfig) -> None:
        self.stream = stream
        self._client: Client | None = None
        self._inbox: Subscription | None = None
        self._owed = 0  # what the server may still send for our last pull

    async def open(self, client: Client) -> None:
        """Make sure of the stream and its consumer, and have an inbox of our own."""
        jetstream = client.jetstream()
        try:
            await jetstream.add_stream(self.stream)
        except nats.js.errors.BadRequestError:  # it is there with other settings, of an older version
            await jetstream.update_stream(self.stream)
        consumer = ConsumerConfig(
            durable_name=DURABLE, ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_S, max_ack_pending=MOST_PENDING
        )
        await jetstream.add_consumer(str(self.stream.name), consumer)
        if self._client is not client:
            self._inbox = await client.subscribe(client.new_inbox())
        self._client, self._owed = client, 0

    async def take(self) -> Sequence[Parcel]:
        """Wait for at least one, then take what else is there. Raises LineDown."""
        taken: list[Parcel] = []
        fill = Fill()
        try:
            while not taken or (self._waiting() and not fill.is_full):
                message = await self._next()
                if message is not None:
                    taken.append(Parcel(message.subject, message.data, message))
                    fill.add(taken[-1])
        except TROUBLE as failed:
            if not taken:
                raise LineDown(_why(failed)) from failed
        return taken

    async def done(self, parcels: Sequence[Parcel]) -> None:
        """They are committed: the server may forget them."""
        try:
            for parcel in parcels:
                if isinstance(parcel.receipt, Msg):
                    await parcel.receipt.ack()
        except TROUBLE as failed:
            log.info("%d messages will come again: %s", len(parcels), failed)

    def _waiting(self) -> bool:
        return self._inbox is not None and self._inbox.pending_msgs > 0

    async def _next(self) -> Msg | None:
        """The next message; None where the server only says that the pull has ended."""
        if self._client is None or self._inbox is None:
            raise LineDown("not connected yet")
        if self._owed == 0 and not self._waiting():
            await self._pull(self._client, self._inbox)
        try:
            message = await self._inbox.next_msg(timeout=PULL_S + 1)
        except nats.errors.TimeoutError:
            self._owed = 0
            return None
        status = (message.headers or {}).get("Status")
        if status is None:
            self._owed = max(self._owed - 1, 0)
            return message
        self._owed = 0
        if status not in ("404", "408"):  # nothing there, or not in time
            raise LineDown(f"the server answers {status} {(message.headers or {}).get('Description', '')}".strip())
        return None

    async def _pull(self, client: Client, inbox: Subscription) -> None:
        ask = {"batch": MOST_PARCELS, "expires": int(PULL_S * 1e9)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream.name}.{DURABLE}"
        await client.publish(subject, json.dumps(ask).encode(), reply=inbox.subject)
        self._owed = MOST_PARCELS


class NatsUplink:
    """The connection of one aggregator."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client: Client | None = None
        self._opening = asyncio.Lock()
        self.events = NatsLine(EVENT_STREAM)
        self.status = NatsLine(STATUS_STREAM)

    async def open(self) -> None:
        """Connect, and make sure of both streams. Raises LineDown; may be called again."""
        async with self._opening:
            try:
                client = await self._connected()
                for line in (self.events, self.status):
                    await line.open(client)
            except TROUBLE as failed:
                raise LineDown(_why(failed)) from failed

    async def tell(self, topic: str, payload: bytes) -> None:
        """Send down; what cannot be sent now is told again later."""
        try:
            if self._client is not None:
                await self._client.publish(topic.replace("/", "."), payload)
        except TROUBLE as failed:
            log.info("%s was not told: %s", topic, failed)

    async def close(self) -> None:
        """Hang up, with what is written sent."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> Client:
        if self._client is None or self._client.is_closed:
            self._client = await _connected(self._broker)
        return self._client


async def _connected(broker: Broker) -> Client:
    """A client that reconnects by itself for ever, but whose first connection comes in time or not at all."""
    client = Client()

    async def lost() -> None:
        if client.is_reconnecting:
            log.warning("the connection to NATS was lost; trying again")

    async def back() -> None:
        log.info("NATS is back")

    try:
        async with asyncio.timeout(CONNECT_DEADLINE_S):
            await client.connect(
                broker.url,
                name="evhub-aggregator",
                tls=broker.tls,
                error_cb=_said,
                disconnected_cb=lost,
                reconnected_cb=back,
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
            )
    except TimeoutError as failed:
        await client.close()
        raise LineDown(f"no connection within {CONNECT_DEADLINE_S:.0f} s") from failed
    return client


async def _said(error: Exception) -> None:
    log.debug("NATS: %s", error)


def _why(failed: Exception) -> str:
    return str(failed) or type(failed).__name__
