"""Who may sign for an enterprise, as a text names them."""

from uuid import UUID

from consent.artefact import Eligible, Mandate, Quorum
from yidaitong.enterprises import queries as enterprises
from yidaitong.enterprises.mandates import Signatory, signatories
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.uow import UnitOfWork


def mandate_of(uow: UnitOfWork, enterprise_id: UUID) -> Mandate:
    """Who may sign for an enterprise now, and how many must.

    Raises:
        InvalidStateError: fewer may sign than must: nothing can be granted until that changes.
    """
    eligible = tuple(_eligible(one) for one in signatories(uow, enterprise_id))
    m = enterprises.enterprise_of(uow, enterprise_id).quorum
    if len(eligible) < m:
        raise InvalidStateError(f"{len(eligible)} of {m} may sign for enterprise {enterprise_id}")
    return Mandate(quorum=Quorum(m=m, n=len(eligible)), eligible=eligible)


def _eligible(one: Signatory) -> Eligible:
    mandate_id = None if one.mandate_id is None else str(one.mandate_id)
    return Eligible(person_id=str(one.person_id), role=one.role.value, mandate_id=mandate_id)
