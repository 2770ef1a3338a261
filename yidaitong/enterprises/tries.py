"""Counting tries of verification per firm and per person: five failures a day lock both."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from yidaitong.enterprises.errors import VerificationLockedError
from yidaitong.enterprises.models import VerificationTries
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

_PERSON = "verification_tries.person"


def person_key(uow: UnitOfWork, id_number: str) -> bytes:
    """What counts one person's tries without showing who."""
    return uow.crypto.blind_index(uow.session, _PERSON, id_number)


def take(uow: UnitOfWork, keys: tuple[bytes, ...]) -> None:
    """Take one try of today for every key, before the provider is asked.

    Tries run in parallel are all counted, because each takes its own before it starts; a try that
    does not fail is given back by :func:`give_back`. Keys are taken in order, so that two
    transactions cannot wait for each other.

    Raises:
        VerificationLockedError: a key has no try left today.
    """
    for key in sorted(set(keys)):
        row = (
            insert(VerificationTries)
            .values(id=uuid7(), key=key, on_date=business_date(uow.now), tries=1)
            .on_conflict_do_update(
                index_elements=["key", "on_date"], set_={"tries": VerificationTries.tries + 1}
            )
            .returning(VerificationTries.tries)
        )
        if uow.session.execute(row).scalar_one() > uow.settings.rep_failures_per_day:
            raise VerificationLockedError("no try left today")


def give_back(uow: UnitOfWork, keys: tuple[bytes, ...]) -> None:
    """Give back a try that did not fail: it succeeded, or the provider gave no answer."""
    for key in sorted(set(keys)):
        uow.session.execute(
            update(VerificationTries)
            .where(
                VerificationTries.key == key,
                VerificationTries.on_date == business_date(uow.now),
                VerificationTries.tries > 0,
            )
            .values(tries=VerificationTries.tries - 1)
        )
