"""Repeatable measurements, each a ratio against a peer or a raw limit in one run."""
