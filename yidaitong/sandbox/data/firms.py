"""Ask about a made-up firm: its facts for a person, and each department's answer."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from yidaitong.departments.answers import Outcome
from yidaitong.kernel.codes import uscc_problem
from yidaitong.kernel.text import fold
from yidaitong.sandbox.data import (
    codes,
    court_answers,
    events,
    people_answers,
    registry_answers,
    science_answers,
    tax_answers,
    utility_answers,
)
from yidaitong.sandbox.data.personas import PERSONAS
from yidaitong.sandbox.data.profile import Archetype, Person, Profile, draw_profile
from yidaitong.sandbox.data.view import Source, View

SOURCES: dict[str, Source] = {
    **registry_answers.SOURCES,
    **tax_answers.SOURCES,
    **people_answers.SOURCES,
    **court_answers.SOURCES,
    **utility_answers.SOURCES,
    **science_answers.SOURCES,
}


class NoSuchFirmError(LookupError):
    """The code is not valid, not of the sandbox, or its firm had not opened yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """One made-up firm as the registry holds it on one day, with its representative."""

    uscc: str
    name: str
    archetype: Archetype
    status: str
    est_date: date
    district: str
    address: str
    address_stale: bool
    industry: str
    ent_type: str
    size: str
    reg_cap_fen: int
    rep: Person


def profile_of(uscc: str) -> Profile | None:
    """The designed or drawn firm of a sandbox code; None for any other code."""
    if not codes.is_sandbox(uscc):
        return None
    persona = PERSONAS.get(uscc)
    return draw_profile(uscc) if persona is None else persona.profile


def firm(uscc: str, as_of: date) -> Firm:
    """The firm of a code as seen on a day.

    Raises:
        NoSuchFirmError: there is none (yet).
    """
    profile = profile_of(uscc)
    if profile is None or profile.est_date >= as_of:
        raise NoSuchFirmError(uscc_problem(uscc) or "not open")
    lost = events.address_lost_on(profile)
    return Firm(
        uscc=uscc,
        name=profile.name,
        archetype=profile.archetype,
        status=registry_answers.status_on(profile, as_of),
        est_date=profile.est_date,
        district=profile.district,
        address=profile.address,
        address_stale=lost is not None and lost < as_of,
        industry=profile.industry.code,
        ent_type=profile.ent_type,
        size=registry_answers.size_on(profile, as_of),
        reg_cap_fen=profile.reg_cap_fen,
        rep=profile.rep,
    )


def answer(
    resource: str,
    uscc: str,
    as_of: date,
    name: str | None = None,
    *,
    fields: Collection[str] | None = None,
) -> tuple[Outcome, date, Mapping[str, object]]:
    """What the department says on the day ``as_of``: outcome, until when it is true, items.

    The same code and day always give the same answer; a later day extends the same history.
    A ``name`` that is not the firm's gives SUBJECT_MISMATCH; with ``fields`` only those leave.

    Raises:
        KeyError: no such resource.
    """
    source = SOURCES[resource]
    true_until = source.true_until(as_of)
    profile = profile_of(uscc)
    if profile is None or profile.est_date >= as_of:
        return Outcome.NO_RECORD, true_until, {}
    if name is not None and fold(name) != fold(profile.name):
        return Outcome.SUBJECT_MISMATCH, true_until, {}
    items = source.items(View(profile, as_of))
    if items is None:
        return Outcome.NO_RECORD, true_until, {}
    if fields is not None:
        items = {key: value for key, value in items.items() if key in fields}
    return Outcome.DATA, true_until, items


def matches_representative(uscc: str, name: str, id_no: str, mobile: str, as_of: date) -> bool:
    """Whether the three facts are those of the firm's legal representative on that day."""
    try:
        rep = firm(uscc, as_of).rep
    except NoSuchFirmError:
        return False
    return (fold(name), id_no, mobile) == (fold(rep.name), rep.id_no, rep.mobile)


def find(
    seed: str, as_of: date, archetype: Archetype | None = None, *, individual: bool = False
) -> Iterator[Firm]:
    """Firms of a seed that exist on a day, of one archetype or of all; never ends."""
    n, era = 0, max(codes.DEFAULT_ERA, as_of.year)
    while True:
        uscc = codes.make_uscc(n, seed, era=era, individual=individual)
        n += 1
        profile = profile_of(uscc)
        if profile is None or profile.est_date >= as_of:
            continue
        if archetype is None or profile.archetype is archetype:
            yield firm(uscc, as_of)
