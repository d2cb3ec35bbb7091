"""The figures for Prometheus at `/metrics`, by the format that the asking program takes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from aiohttp import hdrs, web

from hub.core.figures import Figure
from hub.model.person import EVERYBODY
from hub.web.routes import Route

CLIENT = ("prometheus_client.core", "prometheus_client.exposition", "prometheus_client.process_collector")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Answers with what `figures` says at that moment, and what the machine knows of this process."""

    figures: Callable[[], Awaitable[Iterable[Figure]]]

    @property
    def route(self) -> Route:
        """Where they are."""
        kinds = ("text/plain",)
        return Route("GET", "/metrics", self._answer, EVERYBODY, "Figures for Prometheus.", kinds=kinds)

    async def _answer(self, request: web.Request) -> web.Response:
        core, exposition, process = [await asyncio.to_thread(import_module, name) for name in CLIENT]  # 0.2 s, once
        registry = core.CollectorRegistry()
        registry.register(Collected(core, list(await self.figures())))
        process.ProcessCollector(registry=registry)
        encode, kind = exposition.choose_encoder(request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=encode(registry), headers={hdrs.CONTENT_TYPE: kind, hdrs.CACHE_CONTROL: "no-store"})


@dataclass(frozen=True, slots=True, eq=False)  # the registry keeps it by its identity
class Collected:
    """The figures as Prometheus' client wants them."""

    core: Any
    figures: Iterable[Figure]

    def collect(self) -> Iterator[Any]:
        """Each figure with its samples; what is unknown has none."""
        for figure in self.figures:
            kind = self.core.CounterMetricFamily if figure.counts else self.core.GaugeMetricFamily
            family = kind(figure.name, figure.says, labels=figure.labels)
            for labels, value in figure.samples:
                if value is not None and not math.isnan(value):
                    family.add_metric(labels, value)
            yield family
