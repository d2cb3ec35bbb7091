"""Identities: plain strings with a type each, so that a circuit's id cannot stand where a charger's is wanted."""

from __future__ import annotations

from typing import NewType

ChargerId = NewType("ChargerId", str)
CircuitId = NewType("CircuitId", str)
MeterId = NewType("MeterId", str)
StationId = NewType("StationId", str)
"""What the physical device calls itself: OCPP identity or serial number."""
TransactionId = NewType("TransactionId", int)
"""The number that a device knows a transaction by. The hub gives it, and never a second time."""
SessionId = NewType("SessionId", str)
"""A session, unique for ever: at most 36 characters that sort by the time of its start."""

GRID = CircuitId("grid")
"""The grid connection is the root circuit, and this is its id."""
