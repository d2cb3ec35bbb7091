"""The machinery every room stands on: bus, orders, the live picture, ports, clock, supervised tasks."""
