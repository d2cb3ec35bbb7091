"""What was heard on each topic, and when. Pure: times are given.

A stored (retained) message says how things were at some time that nobody knows. It may tell a state, as the device
replaces it when the state changes; it is never a sample.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """One message, decoded."""

    document: object
    at: datetime
    at_s: float  # monotonic
    live: bool


class Samples:
    """The latest message of each topic, and the latest that came live."""

    def __init__(self) -> None:
        self._last: dict[str, Sample] = {}
        self._live: dict[str, Sample] = {}

    def take(self, topic: str, sample: Sample) -> None:
        """Remember it. A stored message that says something else than the last live one makes that void."""
        self._last[topic] = sample
        if sample.live:
            self._live[topic] = sample
        elif topic in self._live and self._live[topic].document != sample.document:
            del self._live[topic]

    def forget(self) -> None:
        """The device was away: whatever it said before may have changed."""
        self._last.clear()
        self._live.clear()

    def live(self, topic: str) -> Sample | None:
        """The latest live message of a topic."""
        return self._live.get(topic)

    def states(self) -> dict[str, object]:
        """The latest message of each topic, stored or not."""
        return {topic: sample.document for topic, sample in self._last.items()}

    def fresh(self, now_s: float, within_s: float | None) -> dict[str, object]:
        """Live messages of the last so many seconds; of any time with None."""
        return {
            topic: sample.document
            for topic, sample in self._live.items()
            if within_s is None or now_s - sample.at_s <= within_s
        }

    def oldest_at(self, topics: Iterable[str]) -> datetime | None:
        """When the oldest of the latest live messages of these topics came."""
        return min((self._live[topic].at for topic in topics if topic in self._live), default=None)


class Round:
    """Whether every topic that a sample is made of has spoken since the last sample: lines of two moments never mix."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._spoke: set[str] = set()

    def spoke(self, topic: str) -> bool:
        """A topic has spoken; True when that completes the round, and the next one begins."""
        self._spoke.add(topic)
        if not self.topics <= self._spoke:
            return False
        self._spoke.clear()
        return True

    def forget(self) -> None:
        """Begin a round anew."""
        self._spoke.clear()
