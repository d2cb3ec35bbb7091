"""What the generated message classes stand on: the two families of structs, and limits that msgspec cannot express."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec

ResponseT_co = TypeVar("ResponseT_co", bound=msgspec.Struct, covariant=True)

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number that also fits a database column: longer ones are as good as unreadable."""

Number = Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)]
"""A finite number: msgspec reads the texts "nan" and "inf" as floats where numbers may be texts."""


class Lenient(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """A message or a part of one, as chargers really send it: anything may be missing (None)."""


class LenientRequest(Lenient, Generic[ResponseT_co], frozen=True, kw_only=True):
    """A lenient `.req`; the parameter is the class of its `.conf`."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", gc=False):
    """A message or a part of one, exactly as the schema wants it: absent fields are `msgspec.UNSET`."""


class StrictRequest(Strict, Generic[ResponseT_co], frozen=True, kw_only=True):
    """A strict `.req`; the parameter is the class of its `.conf`."""


def check_tenths(**numbers: float | msgspec.UnsetType) -> None:
    """Raise ValueError when a number has more than one decimal (the schema's `multipleOf: 0.1`).

    By hand, because msgspec divides binary floats and so refuses 10.6 as a multiple of 0.1.
    """
    for name, number in numbers.items():
        if not isinstance(number, msgspec.UnsetType) and round(number, 1) != number:
            raise ValueError(f"`{name}` must have one decimal at most, got {number}")
