"""Who works with a site: roles, and which of them may do what. A person or a token holds one role or several."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the site."""

    OWNER = "owner"  # people, tokens, operators, money; the site is theirs
    OPERATOR = "operator"  # runs it from day to day
    INSTALLER = "installer"  # the electrical drawing and the devices in it
    SUPPORT = "support"  # helps drivers: start, stop, unlock, restart
    VIEWER = "viewer"  # reads


Roles = frozenset[Role]

EVERYBODY: Roles = frozenset(Role)
"""Whoever has a role at all: for what only reads."""

STEER: Roles = frozenset({Role.OWNER, Role.OPERATOR, Role.INSTALLER})
"""Limits and permissions of chargers."""

HELP: Roles = STEER | {Role.SUPPORT}
"""What a driver at a charger may need."""

DRAW: Roles = frozenset({Role.INSTALLER})
"""What changes the drawing: who claims a site is its installer too, until he gives that away."""

NAME: Roles = frozenset({Role.OWNER, Role.INSTALLER})
"""What things are called."""

OWN: Roles = frozenset({Role.OWNER})
"""People, tokens, and what leaves the site."""
