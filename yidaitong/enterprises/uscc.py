"""Keeping credit codes: in clear for firms, sealed for individual businesses, found by index."""

from typing import Final

from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.uow import UnitOfWork

# An individual business (个体工商户): its whole file is its owner's personal information.
INDIVIDUAL: Final = "92"
RULE_VERSION = 1

_INDEX = "enterprise.uscc"


def uscc_index(uow: UnitOfWork, uscc: str) -> bytes:
    """What finds ``uscc`` without showing it."""
    return uow.crypto.blind_index(uow.session, _INDEX, uscc)


def _place(enterprise: Enterprise) -> Place:
    return Place(
        kind=DekKind.RECORD,
        owner_id=enterprise.id,
        table="enterprise",
        column="uscc_sealed",
        row_id=enterprise.id,
    )


def keep_uscc(uow: UnitOfWork, enterprise: Enterprise, uscc: str) -> None:
    """Write a checked code into the row, sealed if it is personal."""
    if uscc.startswith(INDIVIDUAL):
        enterprise.uscc_sealed = uow.crypto.seal(uow.session, _place(enterprise), uscc.encode())
    else:
        enterprise.uscc = uscc


def uscc_of(uow: UnitOfWork, enterprise: Enterprise) -> str:
    """The enterprise's credit code.

    Raises:
        DataGoneError: its code was refused, or its key was destroyed.
    """
    if enterprise.uscc is not None:
        return enterprise.uscc
    if enterprise.uscc_sealed is None:
        raise DataGoneError(f"enterprise {enterprise.id} has no code")
    return uow.crypto.open(uow.session, _place(enterprise), enterprise.uscc_sealed).decode()
