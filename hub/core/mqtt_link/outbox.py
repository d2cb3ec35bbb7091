"""What waits to be sent to the broker. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

MOST_WAITING = 1000  # messages that are not retained; retained ones are bounded by their topics


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in or out. An incoming one has `retain` set when the broker had it stored."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 0


class Outbox:
    """What waits to be sent: of retained state only the newest per topic, of the rest a bounded number in order."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._state: OrderedDict[str, Message] = OrderedDict()
        self._others: deque[Message] = deque()
        self._most = most
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._state) + len(self._others)

    def put(self, message: Message) -> None:
        """Add a message; the oldest that is not retained is dropped when too many wait."""
        if message.retain:
            self._state.pop(message.topic, None)
            self._state[message.topic] = message
            return
        self._others.append(message)
        if len(self._others) > self._most:
            self._others.popleft()
            self.dropped += 1

    def put_back(self, message: Message) -> None:
        """Return a message that was not delivered to the head, unless something newer of its topic waits."""
        if not message.retain:
            self._others.appendleft(message)
        elif message.topic not in self._state:
            self._state[message.topic] = message
            self._state.move_to_end(message.topic, last=False)

    def take(self) -> Message:
        """The next message: replies and events before state."""
        return self._others.popleft() if self._others else self._state.popitem(last=False)[1]
