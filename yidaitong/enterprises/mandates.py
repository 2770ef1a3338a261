"""Who may sign for an enterprise: its representative, and agents with a live mandate."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Function, func, select

from consent.errors import MandateInsufficientError
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.mandate_lifecycle import MandateRight, MandateState
from yidaitong.enterprises.models import Mandate
from yidaitong.enterprises.queries import enterprise_of
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork


class SignatoryRole(StrEnum):
    """In which quality a person signs."""

    # Wire format: append only.
    LEGAL_REP = "LEGAL_REP"
    AGENT = "AGENT"


@dataclass(frozen=True, slots=True)
class Signatory:
    """One natural person who may authorise data; the representative needs no mandate."""

    person_id: UUID
    role: SignatoryRole
    mandate_id: UUID | None


def signatories(uow: UnitOfWork, enterprise_id: UUID) -> list[Signatory]:
    """Everybody who may authorise data now, the representative first; empty while suspended.

    Raises:
        NotFoundError: no such enterprise, or somebody else's.
    """
    enterprise = enterprise_of(uow, enterprise_id)
    if enterprise.state is not EnterpriseState.ACTIVE or enterprise.rep_person_id is None:
        return []
    agents = uow.session.scalars(
        select(Mandate)
        .where(
            Mandate.enterprise_id == enterprise_id,
            Mandate.state == MandateState.ACTIVE,
            Mandate.ends_at > uow.now,
            Mandate.rights.contains([MandateRight.AUTHORISE_DATA.value]),
            Mandate.person_id != enterprise.rep_person_id,
        )
        .order_by(Mandate.granted_at, Mandate.id)
    )
    first = Signatory(enterprise.rep_person_id, SignatoryRole.LEGAL_REP, None)
    return [first, *(Signatory(one.person_id, SignatoryRole.AGENT, one.id) for one in agents)]


def hold_standing(uow: UnitOfWork, enterprise_id: UUID) -> None:
    """Nobody's standing changes until this transaction ends; many may hold it at once.

    Take it before any other lock, and read who is entitled after it.
    """
    uow.session.execute(select(func.pg_advisory_xact_lock_shared(_standing(enterprise_id))))


def change_standing(uow: UnitOfWork, enterprise_id: UUID) -> None:
    """Wait for whoever holds the standing, and keep others out until this transaction ends.

    Take it before any other lock.
    """
    uow.session.execute(select(func.pg_advisory_xact_lock(_standing(enterprise_id))))


def _standing(enterprise_id: UUID) -> Function[int]:
    return func.hashtextextended(f"standing of {enterprise_id}", 0)


def entitled(uow: UnitOfWork, enterprise_id: UUID) -> frozenset[UUID]:
    """Ids of everybody who may authorise data now."""
    return frozenset(one.person_id for one in signatories(uow, enterprise_id))


def may_sign(uow: UnitOfWork) -> None:
    """Refuse an actor who may not authorise data for their enterprise now.

    Raises:
        MandateInsufficientError: they may not, or no longer.
    """
    if uow.actor.person_id not in entitled(uow, uow.actor.enterprise_id):
        raise MandateInsufficientError(f"{uow.actor.person_id} may not sign now")


def mandate_id_of(uow: UnitOfWork, enterprise_id: UUID, person_id: UUID) -> UUID | None:
    """The living mandate an agent acts by, None where there is none."""
    return uow.session.scalar(
        select(Mandate.id).where(
            Mandate.enterprise_id == enterprise_id,
            Mandate.person_id == person_id,
            Mandate.state == MandateState.ACTIVE,
        )
    )


def mandates_of(uow: UnitOfWork, enterprise_id: UUID) -> list[Mandate]:
    """Every mandate of one enterprise, newest first."""
    return list(
        uow.session.scalars(
            select(Mandate)
            .where(Mandate.enterprise_id == enterprise_id)
            .order_by(Mandate.id.desc())
        )
    )


def mandate_of(uow: UnitOfWork, mandate_id: UUID) -> Mandate:
    """One mandate of the actor's enterprise.

    Raises:
        NotFoundError: unknown, or another enterprise's.
    """
    mandate = uow.session.get(Mandate, mandate_id)
    if mandate is None or mandate.enterprise_id != uow.actor.enterprise_id:
        raise NotFoundError(f"mandate {mandate_id}")
    return mandate
