"""Derived items (派生指标): what a policy may name, and how each comes from the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.definitions import Item, ItemType, Resource
from yidaitong.departments.reading import Reading, Record, UnknownError, Value, Why
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.money import MAX_FEN
from yidaitong.kernel.text import Text

__all__ = ["ITEMS", "PLATFORM_ITEMS", "Derived", "Item", "ItemType", "Why", "derive", "in_domain"]

_REGISTRY = "SAMR.REG"  # Its opening day tells a firm's first month from a missing one.

PLATFORM_ITEMS = (
    Item(
        name="exp.platform_fen",
        text=Text("平台敞口", "Exposure on the platform"),
        type=ItemType.FEN,
    ),
    Item(
        name="app.amount_fen",
        text=Text("申请金额", "Amount asked for"),
        type=ItemType.FEN,
    ),
    Item(
        name="app.term_months",
        text=Text("申请期限", "Term asked for, months"),
        type=ItemType.INT,
        low=1,
        high=120,
    ),
)

ITEMS: dict[str, Item] = {
    item.name: item
    for group in (*(department.items for department in DEPARTMENTS.values()), PLATFORM_ITEMS)
    for item in group
}

_WHY = {
    Outcome.NOT_AUTHORISED: Why.NO_CONSENT,
    Outcome.SUBJECT_MISMATCH: Why.MISMATCH,
    Outcome.STALE: Why.STALE,
    Outcome.UNAVAILABLE: Why.UNAVAILABLE,
    Outcome.RATE_LIMITED: Why.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """One computed item: a value, or UNKNOWN and why (exactly one of the two is None).

    ``as_of`` is the date its source was true, ``late`` says that this is older than the source
    promises, ``version`` is the formula's.
    """

    name: str
    value: Value | None
    why: Why | None
    as_of: date | None
    resources: tuple[str, ...]
    late: bool
    version: int


def in_domain(item: Item, value: object) -> Why | None:
    """None if ``value`` is one of ``item``; TYPE or OVERFLOW if it is not."""
    match item.type:
        case ItemType.BOOL:
            return None if isinstance(value, bool) else Why.TYPE
        case ItemType.CODE:
            return None if isinstance(value, str) and value in item.codes else Why.TYPE
        case ItemType.INT | ItemType.FEN:
            if isinstance(value, bool) or not isinstance(value, int):
                return Why.TYPE
            low = 0 if item.low is None else item.low
            high = MAX_FEN if item.high is None else item.high
            return None if low <= value <= high else Why.OVERFLOW


def derive(
    name: str, answers: Mapping[str, Answer], on: date, *, own_consent: bool = False
) -> Derived:
    """The item ``name`` from the departments' answers, on the packet date ``on``.

    ``answers`` maps a resource to its answer. A personal item needs ``own_consent``: the
    representative's separate consent. Doubt never becomes a value: see ``Why``.

    Raises:
        KeyError: no department derives such an item.
    """
    item = ITEMS[name]
    if item.resource is None:
        raise KeyError(name)
    answer = answers.get(item.resource)
    value: Value | None = None
    why: Why | None = None
    try:
        value = _value(item, answer, _opening_day(answers), on, own_consent=own_consent)
        why = in_domain(item, value)
    except UnknownError as unknown:
        why = unknown.why
    as_of = None if answer is None else answer.as_of
    sla = timedelta(days=RESOURCES[item.resource].freshness_sla_days)
    return Derived(
        name=name,
        value=None if why is not None else value,
        why=why,
        as_of=as_of,
        resources=(item.resource,),
        late=as_of is not None and on - as_of > sla,
        version=item.version,
    )


def _opening_day(answers: Mapping[str, Answer]) -> date | None:
    answer = answers.get(_REGISTRY)
    if answer is None or answer.outcome is not Outcome.DATA or answer.why is not None:
        return None
    try:
        return Record(RESOURCES[_REGISTRY].fields, answer.items).day("est_date")
    except UnknownError:
        return None


def _value(
    item: Item, answer: Answer | None, opened: date | None, on: date, *, own_consent: bool
) -> Value:
    if item.personal and not own_consent:
        raise UnknownError(Why.NO_CONSENT)
    if answer is None or item.resource is None or item.formula is None:
        raise UnknownError(Why.MISSING)
    resource = RESOURCES[item.resource]
    as_of = _usable(item, resource, answer)
    if answer.outcome is Outcome.NO_RECORD:
        if item.on_no_record is None:
            raise UnknownError(Why.MISSING)
        return item.on_no_record
    reading = Reading(
        record=Record(resource.fields, answer.items),
        as_of=as_of,
        on=on,
        established_on=opened,
        partial=answer.outcome is Outcome.PARTIAL,
    )
    return item.formula(reading)


def _usable(item: Item, resource: Resource, answer: Answer) -> date:
    """The answer's date, if the answer may be used at all; ``NO_RECORD`` counts only dated."""
    if answer.why is not None:
        raise UnknownError(Why(answer.why))
    if answer.outcome in _WHY:
        raise UnknownError(_WHY[answer.outcome])
    if answer.outcome is Outcome.PARTIAL and (resource.negative_list or item.months == 0):
        raise UnknownError(Why.PARTIAL)
    if answer.as_of is None:
        raise UnknownError(Why.BAD_ANSWER)
    return answer.as_of
