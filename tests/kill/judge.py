"""What the kill test asks at the end: is every session, every fact and every watt-hour there once, and only once? Pure.

Sessions are matched with the cars that were really there by the lifetime register, which only grows: a session belongs
to the stay in which its register lies. So a lost, a doubled and a wrongly split session each look different.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

NOTHING_WH = 3.0  # a stay that drew less may have ended before anybody could see it
REGISTER_WH = 2.5  # registers are told in whole watt-hours, at both ends


@dataclass(frozen=True, slots=True)
class Stay:
    """A car that was there, by the register of its outlet."""

    from_wh: float
    to_wh: float

    @property
    def energy_wh(self) -> float:
        """What it took."""
        return self.to_wh - self.from_wh


@dataclass(frozen=True, slots=True)
class Kept:
    """A session as the hub has it. `energy_wh` None: it does not know."""

    id: str
    charger: str
    start_wh: float | None
    energy_wh: float | None
    ended: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of the journal."""

    no: int
    name: str
    session: str | None = None
    energy_wh: float | None = None


@dataclass(slots=True)
class Verdict:
    """Everything that is wrong, in words; and the sums."""

    wrong: list[str] = field(default_factory=list)
    stays: int = 0
    sessions: int = 0
    facts: int = 0
    true_wh: float = 0.0
    kept_wh: float = 0.0


def judge(stays: Mapping[str, Sequence[Stay]], kept: Sequence[Kept], told: Sequence[Told]) -> Verdict:
    """Compare the truth with what the hub has and with what it has told."""
    verdict = Verdict(sessions=len(kept), facts=len(told))
    of_charger: dict[str, list[Kept]] = defaultdict(list)
    for one in kept:
        of_charger[one.charger].append(one)
    for bay, true in stays.items():
        _judge_bay(verdict, bay, true, of_charger[bay])
    verdict.wrong += _journal(told) + _told_once(kept, told)
    return verdict


def _judge_bay(verdict: Verdict, bay: str, true: Sequence[Stay], kept: Sequence[Kept]) -> None:
    worth = [stay for stay in true if stay.energy_wh > NOTHING_WH]
    verdict.stays += len(worth)
    verdict.true_wh += sum(stay.energy_wh for stay in true)
    verdict.kept_wh += sum(one.energy_wh or 0.0 for one in kept)
    left = [one for one in kept if (one.energy_wh or 0.0) > 0]
    verdict.wrong += [f"{bay}: session {one.id} has no end" for one in kept if not one.ended]
    for stay in worth:
        near = [one for one in left if _lies_in(one, stay)]
        mine = [one for one in near if (one.energy_wh or 0.0) > NOTHING_WH] or near[-1:]
        left = [one for one in left if one not in mine]
        verdict.wrong += _judge_stay(bay, stay, mine)
    verdict.wrong += [
        f"{bay}: session {one.id} ({one.energy_wh:g} Wh) belongs to no car"
        for one in left
        if (one.energy_wh or 0.0) > NOTHING_WH
    ]


def _judge_stay(bay: str, stay: Stay, mine: Sequence[Kept]) -> list[str]:
    where = f"{bay}: the car of {stay.from_wh:.1f} to {stay.to_wh:.1f} Wh"
    if not mine:
        return [f"{where} has no session: lost"]
    if len(mine) > 1:
        return [f"{where} has {len(mine)} sessions: {', '.join(f'{one.id} {one.energy_wh:g} Wh' for one in mine)}"]
    counted_wh = mine[0].energy_wh or 0.0
    if abs(counted_wh - stay.energy_wh) > REGISTER_WH:
        return [f"{where} took {stay.energy_wh:.1f} Wh, and session {mine[0].id} has {counted_wh:.1f} Wh"]
    return []


def _lies_in(one: Kept, stay: Stay) -> bool:
    """Its middle is in the stay; one of unknown start is found by its end alone, and there is none here."""
    if one.start_wh is None:
        return False
    middle_wh = one.start_wh + (one.energy_wh or 0.0) / 2
    return stay.from_wh - 1 <= middle_wh <= stay.to_wh + 1


def _journal(told: Sequence[Told]) -> list[str]:
    numbers = [one.no for one in told]
    if numbers == list(range(1, len(numbers) + 1)):
        return []
    doubled = [no for no, times in Counter(numbers).items() if times > 1]
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    return [f"the journal: {len(missing)} numbers are missing {missing[:5]}, {len(doubled)} are doubled {doubled[:5]}"]


def _told_once(kept: Sequence[Kept], told: Iterable[Told]) -> list[str]:
    """Each session was told to have started once and to have ended once, with the energy that it has."""
    started, ended = Counter[str](), Counter[str]()
    told_wh: dict[str, float | None] = {}
    for fact in told:
        if fact.session is not None and fact.name == "session_started":
            started[fact.session] += 1
        elif fact.session is not None and fact.name == "session_ended":
            ended[fact.session] += 1
            told_wh[fact.session] = fact.energy_wh
    wrong = []
    for one in kept:
        if started[one.id] != 1 or ended[one.id] != int(one.ended):
            wrong.append(f"session {one.id}: told {started[one.id]} times as started, {ended[one.id]} as ended")
        elif one.ended and told_wh[one.id] != one.energy_wh:
            wrong.append(f"session {one.id}: {one.energy_wh} Wh, but told with {told_wh[one.id]} Wh")
    known = {one.id for one in kept}
    wrong += [f"session {id} was told and is not there" for id in (started.keys() | ended.keys()) - known]
    return wrong
