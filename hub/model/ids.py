"""Identities: plain strings with a type each, so that a circuit's id cannot stand where a charger's is wanted."""

from __future__ import annotations

from typing import NewType

ChargerId = NewType("ChargerId", str)
CircuitId = NewType("CircuitId", str)
MeterId = NewType("MeterId", str)
StationId = NewType("StationId", str)
"""What the physical device calls itself: OCPP identity or serial number."""
TransactionId = NewType("TransactionId", int)

GRID = CircuitId("grid")
"""The grid connection is the root circuit, and this is its id."""
