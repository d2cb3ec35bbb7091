"""Who hears what: every subscriber hears a message once, however many filters overlap and whatever the broker does.

Subscribers may come before there is a connection. A stored (retained) message goes once to each of them for every
connection: to one that comes later too, for which the broker is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from paho.mqtt.client import topic_matches_sub

from hub.core.mqtt_link.filters import covering, overlap
from hub.core.mqtt_link.outbox import Message


class Asks(Protocol):
    """A connection that can be asked for topics."""

    def subscribe(self, filters: list[tuple[str, int]]) -> None:
        """Ask the broker for topics, each with its QoS."""
        ...

    def unsubscribe(self, filters: list[str]) -> None:
        """Ask for them no longer."""
        ...


@dataclass(slots=True, eq=False)
class Subscription:
    """A topic filter, who hears what it matches, and the topics that it has heard on this connection."""

    filter: str
    handle: Callable[[Message], None]
    qos: int
    had: set[str] = field(default_factory=set)


class Subscriptions:
    """All subscribers of one client."""

    def __init__(self) -> None:
        self._all: list[Subscription] = []
        self._asked: dict[str, int] = {}
        self._link: Asks | None = None

    def add(self, topic_filter: str, handle: Callable[[Message], None], qos: int = 1) -> Subscription:
        """Let somebody hear what matches, from now on and on every later connection."""
        fresh = Subscription(topic_filter, handle, qos)
        self._all.append(fresh)
        self._ask(fresh)
        return fresh

    def remove(self, subscription: Subscription) -> None:
        """It hears nothing more, not even what is on its way. Twice is as good as once."""
        if subscription in self._all:
            self._all.remove(subscription)
            self._ask()

    def begin(self, link: Asks) -> None:
        """There is a connection, which knows nothing of us yet."""
        self._link, self._asked = link, {}
        for subscription in self._all:
            subscription.had.clear()
        self._ask()

    def end(self) -> None:
        """The connection is gone."""
        self._link = None

    def dispatch(self, message: Message) -> None:
        """Give a message to everybody whom it concerns, each in a turn of the loop: one who fails disturbs nobody."""
        for subscription in self._all:
            if not topic_matches_sub(subscription.filter, message.topic):
                continue
            if not (message.retain and message.topic in subscription.had):
                subscription.had.add(message.topic)
                asyncio.get_running_loop().call_soon(self._tell, subscription, message)

    def _tell(self, subscription: Subscription, message: Message) -> None:
        if subscription in self._all:
            subscription.handle(message)

    def _ask(self, newcomer: Subscription | None = None) -> None:
        """Make the broker's list ours. A filter that brings a newcomer's topics is asked again: for stored ones.

        A wide filter stays while anybody needs a part of it, and a wider one comes before the old one goes: so a
        change costs no message, and may at worst bring one twice, as QoS 1 may at any time.
        """
        if self._link is None:
            return
        useful = [(name, qos) for name, qos in self._asked.items() if any(overlap(name, s.filter) for s in self._all)]
        wanted = covering([*useful, *((each.filter, each.qos) for each in self._all)])
        self._link.subscribe(
            [
                (name, qos)
                for name, qos in wanted.items()
                if self._asked.get(name) != qos or (newcomer is not None and overlap(name, newcomer.filter))
            ]
        )
        self._link.unsubscribe([name for name in self._asked if name not in wanted])
        self._asked = wanted
