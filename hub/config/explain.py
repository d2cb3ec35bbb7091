"""What a model refused, in words: what is wrong with the value, and what to write instead. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hub.config.document import Document
from hub.config.problem import Finding, Place

Error = Mapping[str, Any]
SECRET = re.compile(r"password|secret|token(?!s)|broker|_key$")
LOGIN = re.compile(r"://[^/@]*@")  # an address with a user's password in it
HIDDEN = "••••"
GROUP_INSIDE = "…"
NUMBER_WITH_UNIT = re.compile(r"^\s*([+-]?\d{1,9}(?:[.,]\d{1,9})?)\s*([a-z]*)\s*$", re.IGNORECASE)
UNITS = {  # by the end of the key: a number with another unit is another quantity
    "_a": frozenset({"a", "amp", "amps", "ampere", "amperes"}),
    "_v": frozenset({"v", "volt", "volts"}),
    "_s": frozenset({"s", "sec", "second", "seconds"}),
    "_ms": frozenset({"ms"}),
}
GROUP = frozenset({"model_type", "dict_type", "model_attributes_type", "mapping_type"})
LIST = frozenset({"tuple_type", "list_type"})


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused value, with what there is to say about it."""

    place: Place
    error: Error
    value: object  # as it stands in the file
    written: str
    keys: tuple[str, ...]  # those that would be known here
    field: FieldInfo | None = None  # what is wanted there

    @property
    def number(self) -> str | None:
        """32 of '32A'; None where no number can be made out, or one of another unit: 32 kW are not 32 A."""
        return None if isinstance(self.value, bool) else _number_in(self.value, self.place)


def findings(
    refused: ValidationError, document: Document, model: type[BaseModel], base: Place = (), also: Iterable[str] = ()
) -> list[Finding]:
    """Each error of a model at its place in the file. `also`: keys that are known beside the model's own."""
    found: dict[tuple[Place, str], Finding] = {}
    for error in _own(refused.errors(include_url=False)):
        keys, field = (*keys_at(model, error["loc"]), *also), field_at(model, error["loc"])
        finding = _finding(_place(document, base, error), error, document, (keys, field))
        found.setdefault((finding.place, finding.message), finding)
    return list(found.values())


def shown(place: Place, value: object) -> object:
    """The value, or dots where it is a secret; of a group nothing, since one of its keys may be one."""
    if isinstance(value, dict):
        return None
    if isinstance(value, list):
        return [GROUP_INSIDE if isinstance(item, dict | list) else shown(place, item) for item in value]
    is_secret = SECRET.search(str(place[-1]) if place else "") or (isinstance(value, str) and LOGIN.search(value))
    return HIDDEN if value is not None and is_secret else value


def say(value: object) -> str:
    """A value in a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}…'"
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return "nothing" if value is None else f"{value}"


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_folded = {word.casefold(): word for word in known}
    close = get_close_matches(wrong.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def known_words(wrong: str, known: Sequence[str], what: str) -> str:
    """The next step for a name that does not exist."""
    meant = nearest(wrong, known)
    if meant is not None:
        return f"Did you mean '{meant}'?"
    return f"The {what} are: {', '.join(known)}." if known else f"There are no {what} yet."


def as_id(text: str) -> str:
    """The id that somebody may have meant: "Bay 1" is bay-1."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")[:40] or "bay-1"


def keys_at(model: type[BaseModel], loc: Iterable[object]) -> tuple[str, ...]:
    """The keys of the group in which the last step of `loc` stands."""
    group = _group_at(model, loc)
    return () if group is None else tuple(group.model_fields)


def field_at(model: type[BaseModel], loc: Iterable[object]) -> FieldInfo | None:
    """What the model says of the last step of `loc`."""
    loc = tuple(loc)
    group = _group_at(model, loc)
    return None if group is None or not loc else group.model_fields.get(str(loc[-1]))


def _group_at(model: type[BaseModel], loc: Iterable[object]) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for step in tuple(loc)[:-1]:
        if here is None:
            return None
        field = here.model_fields.get(str(step))
        inner = None if field is None else _model_in(field.annotation)
        here = here if field is None else inner  # a step that is no key is an id in front of a group
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation: X, X | None, dict[str, X]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner)) is not None), None)


def _place(document: Document, base: Place, error: Error) -> Place:
    """The error's place as far as the file goes; a missing key is named though it is not there."""
    place = base
    for step in error["loc"]:
        here = document.at(place)
        missing = error["type"] == "missing" and step == error["loc"][-1]
        if step == "[key]" or not (missing or _has(here, step)):
            break
        place = (*place, step)
    return place


def _has(here: object, step: object) -> bool:
    return (
        step in here
        if isinstance(here, dict)
        else isinstance(here, list) and isinstance(step, int) and step < len(here)
    )


def _own(errors: Sequence[Any]) -> list[Error]:
    """Without what only follows from another error: a list is too short when its one item is wrong."""
    deeper = {error["loc"][:-1] for error in errors if error["loc"]}
    return [error for error in errors if error["type"] not in {"too_short", "too_long"} or error["loc"] not in deeper]


def _finding(
    place: Place, error: Error, document: Document, wanted: tuple[tuple[str, ...], FieldInfo | None]
) -> Finding:
    value, inner = document.at(place), error["input"]
    if not isinstance(inner, dict | list):
        value = inner  # one number of a list that stands for three
    value = shown(place, value)
    written = HIDDEN if value is HIDDEN else document.written.get(place, str(value))
    message, next_step = _words(Refused(place, error, value, written, *wanted))
    return Finding(place, message, next_step, is_known=error["type"] != "extra_forbidden")


Words = tuple[str, str]


def _words(refused: Refused) -> Words:
    kind = str(refused.error["type"])
    if refused.error["loc"] and refused.error["loc"][-1] == "[key]":
        return _bad_id(str(refused.place[-1]))
    for names, explain in EXPLANATIONS:
        if kind in names:
            return explain(refused)
    text = str(refused.error["msg"])
    return f"{say(refused.value)}: {text[:1].lower()}{text[1:]}", "Change it."


def _bad_id(name: str) -> Words:
    why = f"'{name}' cannot be an id: it is part of MQTT topics"
    return (
        f"{why}, so at most 40 lower-case letters, digits, - and _",
        f"Write {as_id(name)}, and the pretty name under 'name'.",
    )


def _unknown(refused: Refused) -> Words:
    name = str(refused.place[-1]) if refused.place else ""
    return "no such key", known_words(name, refused.keys, "keys here")


def _missing(refused: Refused) -> Words:
    return "is missing", f"Add '{refused.place[-1]}'."


def _no_number(refused: Refused) -> Words:
    whole = str(refused.error["type"]).startswith("int")
    message = f"{say(refused.value)} is not a {'whole number' if whole else 'number'}"
    number = refused.number and (refused.number.partition(".")[0] if whole else refused.number)
    return message, f"Write {number or 'a number, without unit and quotes'}."


def _number_in(value: object, place: Place) -> str | None:
    found = NUMBER_WITH_UNIT.match(str(value)) if isinstance(value, str | float) else None
    if found is None or not (not found.group(2) or found.group(2).lower() in _units(place)):
        return None
    return found.group(1).replace(",", ".")


def _units(place: Place) -> frozenset[str]:
    """How people write the unit of what stands there: the nearest key that says one."""
    keys = [step for step in reversed(place) if isinstance(step, str)]
    return next((units for key in keys for end, units in UNITS.items() if key.endswith(end)), frozenset())


def _no_text(refused: Refused) -> Words:
    if refused.value is None or isinstance(refused.value, list):
        return f"{say(refused.value)} stands where text is wanted", "Write one text."
    return f"{refused.written or say(refused.value)} is not text", f'Put it in quotes: "{refused.written}".'


def _no_truth(refused: Refused) -> Words:
    return f"{say(refused.value)} is neither true nor false", "Write true or false."


def _no_choice(refused: Refused) -> Words:
    choices = re.findall(r"'([^']*)'", refused.error["ctx"]["expected"]) or re.findall(
        r"\w+", refused.error["ctx"]["expected"]
    )
    choices = [choice for choice in choices if choice != "or"]
    meant = nearest(str(refused.value), choices)
    ends = [choice for choice in choices if choice.casefold().endswith(str(refused.value).casefold())]
    guess = meant or (ends[0] if len(ends) == 1 else None)
    return f"{say(refused.value)} is none of {', '.join(choices)}", f"Write {guess or ' or '.join(choices)}."


def _too_little(refused: Refused) -> Words:
    ctx = refused.error["ctx"]
    if "gt" in ctx:
        return f"{say(refused.value)} is not more than {ctx['gt']:g}", f"Write more than {ctx['gt']:g}."
    return f"{say(refused.value)} is less than {ctx['ge']:g}", f"Write {ctx['ge']:g} or more."


def _too_much(refused: Refused) -> Words:
    ctx = refused.error["ctx"]
    if "lt" in ctx:
        return f"{say(refused.value)} is not less than {ctx['lt']:g}", f"Write less than {ctx['lt']:g}."
    return f"{say(refused.value)} is more than {ctx['le']:g}", f"Write {ctx['le']:g} or less."


def _too_short(refused: Refused) -> Words:
    return f"{say(refused.value)} has too little in it", f"Write {refused.error['ctx']['min_length']} or more."


def _too_long(refused: Refused) -> Words:
    return f"{say(refused.value)} is too long", f"Write {refused.error['ctx']['max_length']} at most."


def _no_list(refused: Refused) -> Words:
    said = f"{say(refused.value)} is not a list"
    if isinstance(refused.value, str) and refused.value:
        return said, f"Write [{refused.value}]."
    example = _example(refused)
    return said, f"Write one like {example}." if example else "Write its values in brackets: [one, another]."


def _unfitting(refused: Refused) -> Words:
    """A text that its pattern does not take: what the field says of itself, and an example."""
    example = _example(refused)
    wanted = refused.field.description if refused.field is not None else None
    next_step = f"Write one like {example}." if example else f"Write another: {wanted or 'without special characters'}."
    return f"{say(refused.value)} cannot stand here", next_step


def _example(refused: Refused) -> str:
    examples = refused.field.examples if refused.field is not None else None
    return say(examples[0]).strip("'") if examples else ""


def _no_group(refused: Refused) -> Words:
    if refused.value is None:
        return "is empty", "Write its keys beneath it, indented, or leave it out."
    if isinstance(refused.value, list):
        step = "Write the keys beneath it, indented, without '-'."
        named = "Give each an id instead of '-', and write its keys beneath, indented."
        return "a list stands where a group of keys is wanted", named if _is_named(refused) else step
    return f"{say(refused.value)} stands where a group of keys is wanted", "Write the keys beneath it, indented."


def _is_named(refused: Refused) -> bool:
    """True for circuits, chargers and meters, whose groups have ids."""
    return refused.field is not None and get_origin(refused.field.annotation) is dict


def _said_by_the_model(refused: Refused) -> Words:
    """A validator's own words: "is no current; write 32" or "not an address. Write …"."""
    text = str(refused.error["ctx"]["error"])
    what, _, next_step = text.partition("; ") if "; " in text else text.partition(". ")
    if what.startswith(("is ", "has ", "not ")) and refused.value is not None:
        what = f"{say(refused.value)} {what if not what.startswith('not ') else f'is {what}'}"
    next_step = f"{next_step[:1].upper()}{next_step[1:]}".rstrip(".")
    if refused.number and "is no current" in what:
        next_step = f"Write {refused.number}"
    return what, f"{next_step}." if next_step else ""


EXPLANATIONS: tuple[tuple[frozenset[str], Callable[[Refused], Words]], ...] = (
    (frozenset({"extra_forbidden"}), _unknown),
    (frozenset({"missing"}), _missing),
    (frozenset({"float_type", "float_parsing", "int_type", "int_parsing", "int_from_float"}), _no_number),
    (frozenset({"string_type"}), _no_text),
    (frozenset({"bool_type", "bool_parsing"}), _no_truth),
    (frozenset({"enum", "literal_error"}), _no_choice),
    (frozenset({"greater_than", "greater_than_equal"}), _too_little),
    (frozenset({"less_than", "less_than_equal"}), _too_much),
    (frozenset({"too_short", "string_too_short"}), _too_short),
    (frozenset({"too_long", "string_too_long"}), _too_long),
    (LIST, _no_list),
    (GROUP, _no_group),
    (frozenset({"value_error"}), _said_by_the_model),
    (frozenset({"string_pattern_mismatch"}), _unfitting),
)
