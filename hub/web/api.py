"""The API's reads of the live picture, and its way to orders.

What a room knows beyond the picture it adds itself, by `reading`: such a route is answered by an order that only reads,
so that there is one implementation and one check of who may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from hub.core.orders import Args, Caller, Envelope, Orders, envelope
from hub.core.shapes import (
    Candidates,
    Chargers,
    ChargerState,
    Circuits,
    CircuitState,
    ConfigState,
    Meters,
    MeterState,
    Shape,
)
from hub.model.errors import NotFound, Unreachable
from hub.model.person import EVERYBODY, Role
from hub.web.doors import caller_of
from hub.web.local import Status
from hub.web.openapi import described
from hub.web.routes import API, Handler, Route, asked, failed, json, sent


class IdArgs(Args):
    """One of them, by its id in the drawing."""

    id: str


class OrderName(Args):
    """An order by its name in the catalogue."""

    name: str


class OrderEntry(Shape):
    """One order of the catalogue."""

    says: str
    may: list[Role]
    reads: bool = Field(description="it changes nothing, and leaves no line in the audit book")
    deadline_s: float
    args: dict[str, Any] = Field(description="JSON Schema of its arguments")


class Catalogue(Shape):
    """Every order by its name."""

    orders: dict[str, OrderEntry]


def get(path: str, handler: Handler, says: str, gives: type[BaseModel], query: type[Args] | None = None) -> Route:
    """A read, for everybody who has a role."""
    return Route("GET", f"{API}/{path}", handler, EVERYBODY, says, query, gives=gives)


def reading(orders: Orders, name: str) -> Handler:
    """Answers by an order that only reads; what stands in the path and after the `?` are its arguments."""

    async def answer(request: web.Request) -> web.Response:
        return await answered(orders, Envelope(name, asked(request)), caller_of(request))

    return answer


async def answered(orders: Orders, order: Envelope, caller: Caller) -> web.Response:
    """The result of an order that only reads, as a document."""
    if order.name not in orders.catalogue:
        raise Unreachable("the hub is starting", "try again in a moment")
    reply = await orders.answer(order, caller)
    return json(reply.result) if reply.error is None else failed(reply.error)


@dataclass(frozen=True, slots=True)
class Api:
    """What the web toolkit itself knows to answer."""

    orders: Orders
    status: Status
    served: Callable[[], Sequence[Route]]  # every route that the hub answers

    @property
    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("chargers", self._all("chargers"), "Every charger.", Chargers),
            get("chargers/{id}", self._one("chargers"), "One charger.", ChargerState, IdArgs),
            get("circuits", self._all("circuits"), "Every circuit of the drawing.", Circuits),
            get("circuits/{id}", self._one("circuits"), "One circuit.", CircuitState, IdArgs),
            get("meters", self._all("meters"), "Every meter.", Meters),
            get("meters/{id}", self._one("meters"), "One meter.", MeterState, IdArgs),
            get("discovery", self._all("candidates"), "Devices that were found and wait to be adopted.", Candidates),
            get("config", self._config, "The file, what is wrong with it, and what waits for a restart.", ConfigState),
            get("orders", self._catalogue, "Every order, what it takes and who may give it.", Catalogue),
            Route("POST", f"{API}/orders/{{name}}", self._order, EVERYBODY, "Give an order.", OrderName),
            Route("GET", f"{API}/openapi.json", self._described, None, "This description."),
        ]

    def _all(self, section: str) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            return json({section: self.status()[section]})

        return answer

    def _one(self, section: str) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            id, known = request.match_info["id"], self.status()[section]
            assert isinstance(known, dict)
            if id not in known:
                raise NotFound(
                    f"there is no '{id}' among the {section}", f"there are: {', '.join(known) or 'none yet'}"
                )
            return json(known[id])

        return answer

    async def _config(self, request: web.Request) -> web.Response:
        return json(self.status()["config"])

    async def _catalogue(self, request: web.Request) -> web.Response:
        served = sorted(self.orders.catalogue.items())
        entries = {
            name: {
                "says": order.says,
                "may": sorted(order.may),
                "reads": order.reads,
                "deadline_s": order.deadline_s,
                "args": order.args.model_json_schema(),
            }
            for name, order in served
        }
        return json({"orders": entries})

    async def _described(self, request: web.Request) -> web.Response:
        return json(described(self.served(), self.orders.catalogue))

    async def _order(self, request: web.Request) -> web.Response:
        order = envelope(request.match_info["name"], await sent(request))
        reply = await self.orders.answer(order, caller_of(request))
        return failed(reply.error) if reply.error is not None else json({"id": order.id, **reply.to_json()})
