"""Hearing one device through the broker, for charger.py and meter.py: its messages, and whether it is there at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hub.sdk import Contact, Link, Message, StationHost
from integrations.generic_mqtt import translate
from integrations.generic_mqtt.config import ChargerConfig, MeterConfig
from integrations.generic_mqtt.contact import Signs, verdict
from integrations.generic_mqtt.samples import Round, Sample, Samples

LOOK_S = 1.0
SLOW_S = 30.0  # samples further apart than this are of no use for load control
TOTALS_S = 900.0  # energies move slowly, and a register of some minutes ago is still one


class Ear:
    """One device as it is heard. `heard(topic, sampled)` is told of each message while the device is there."""

    def __init__(
        self, host: StationHost, config: MeterConfig | ChargerConfig, heard: Callable[[str, bool], None]
    ) -> None:
        self._host, self._config, self._tell = host, config, heard
        self._core = translate.core(config)
        self.samples = Samples()
        self.round = Round(config.topic_of(value) for _, value in self._core)
        self._signs = Signs(host.clock.monotonic())
        self._link: Link | None = None
        self._why = ""
        self._sampled_s: float | None = None
        self._slow = 0
        self._odd: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Listen to every topic, and watch whether it goes on speaking."""
        topics = {self._config.topic_of(place) for _, place in self._config.places()}
        for topic in sorted(topics):
            self._host.mqtt.subscribe(topic, self._hear)
        self._task = self._host.tasks.keep("watch", self._watch)

    async def stop(self) -> None:
        """Watch no longer; the hub ends the subscriptions."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def is_up(self) -> bool:
        """True while the device is there."""
        return self._link is Link.UP

    def fresh(self) -> translate.Documents:
        """What was said live and is not too old to be true."""
        return self.samples.fresh(self._host.clock.monotonic(), self._config.silent_after_s)

    def totals(self) -> translate.Documents:
        """The same for registers."""
        return self.samples.fresh(self._host.clock.monotonic(), TOTALS_S)

    def complain(self, odd: translate.Odd) -> None:
        """One line in the log for each thing that is wrong with its messages."""
        for key in odd.keys() - self._odd:
            self._odd.add(key)
            self._host.log.warning("odd message: %s", odd[key])

    def _hear(self, message: Message) -> None:
        clock, topic = self._host.clock, message.topic
        sample = Sample(translate.decoded(message.payload), clock.now(), clock.monotonic(), live=not message.retain)
        self.samples.take(topic, sample)
        self._signs.see_broker(True, sample.at_s)
        self._hear_availability(topic, sample)
        sampled = sample.live and self._completes(topic, sample)
        self._signs.has_stored = self._signs.has_stored or not sample.live
        if sampled or (sample.live and self._speaks_for_itself(topic, sample)):
            self._signs.heard_s = sample.at_s
        self._judge()
        if self.is_up:
            self._tell(topic, sampled)

    def _hear_availability(self, topic: str, sample: Sample) -> None:
        place = self._config.availability
        if place is None or topic != self._config.topic_of(place):
            return
        there, odd = translate.is_there(place, sample.document)
        self.complain(odd)
        if there is not None:
            self._signs.say_there(there, sample.at_s)

    def _completes(self, topic: str, sample: Sample) -> bool:
        """Whether this message makes a sample, alone or with those before it."""
        here = [(name, value) for name, value in self._core if self._config.topic_of(value) == topic]
        if not here:
            return False
        measures, odd = translate.is_sample(here, sample.document)
        self.complain(odd)
        if not measures or not self.round.spoke(topic):
            return False
        self._time(sample.at_s)
        return True

    def _speaks_for_itself(self, topic: str, sample: Sample) -> bool:
        """A charger is alive with whatever it says; a meter with samples only."""
        places = [name for name, place in self._config.places() if self._config.topic_of(place) == topic]
        return isinstance(self._config, ChargerConfig) and sample.document is not None and places != ["availability"]

    def _time(self, now_s: float) -> None:
        """Say once that samples come too slowly; one pause alone may be an outage."""
        gap_s = 0.0 if self._sampled_s is None else now_s - self._sampled_s
        self._sampled_s, self._slow = now_s, self._slow + 1 if gap_s > SLOW_S else 0
        if self._slow == 2:
            what = f"samples {gap_s:.0f} s apart are of no use for load control"
            self.complain({"slow": f"{what}; let it speak every ten seconds or faster (Tasmota: TelePeriod 10)"})

    async def _watch(self) -> None:
        while True:
            self._signs.see_broker(self._host.mqtt.connected, self._host.clock.monotonic())
            self._judge()
            if self._link is not None:
                self._report(self._link, self._why)
            await self._host.clock.sleep(LOOK_S)

    def _judge(self) -> None:
        """Is it there? A change is logged and said at once; what it said before it went is forgotten."""
        now_s = self._host.clock.monotonic()
        link, why = verdict(self._signs, now_s, self._config.silent_after_s)
        if link is None or link is self._link:
            self._why = why or self._why
            return
        if link is Link.DOWN:
            self._host.log.warning("does not answer: %s", why)
            self.samples.forget()
            self.round.forget()
            self._signs.forget(now_s)
        elif self._link is not None:
            self._host.log.info("answers again")
        self._link, self._why = link, why
        self._report(link, why)

    def _report(self, link: Link, why: str) -> None:
        contact = Contact(at=self._host.clock.now(), link=link, why=why)
        if self._host.meter is not None:
            self._host.report_meter(contact)
        else:
            self._host.report_all(contact)
