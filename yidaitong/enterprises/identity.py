"""Proving who the legal representative is: the provider's interface and what it says."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from yidaitong.kernel.codes import id_problem
from yidaitong.kernel.text import Text

_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


class RefusalReason(StrEnum):
    """Why somebody was not accepted as the representative."""

    # Wire format: append only.
    NOT_REPRESENTATIVE = "NOT_REPRESENTATIVE"
    MISMATCH = "MISMATCH"
    NO_RECORD = "NO_RECORD"

    @property
    def text(self) -> Text:
        """The reason in words for people."""
        return _TEXTS[self]


_TEXTS = {
    RefusalReason.NOT_REPRESENTATIVE: Text(
        "姓名与登记的法定代表人不一致",
        "The name is not that of the registered legal representative",
    ),
    RefusalReason.MISMATCH: Text(
        "姓名、身份证号与手机号三项不一致",
        "Name, ID number and mobile number do not belong together",
    ),
    RefusalReason.NO_RECORD: Text("查无此人", "No such person on record"),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The three facts a provider compares; never logged, so out of the repr."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    mobile: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """The provider found the three facts to be one person's; ``serial`` is its proof number."""

    serial: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider did not; ``serial`` may be empty."""

    reason: RefusalReason
    serial: str = ""


class RepresentativeVerifier(Protocol):
    """A provider of three-way identity checks (name, ID number, mobile)."""

    def verify(self, identity: Identity) -> Verified | Refused:
        """Ask the provider; call it with no transaction open.

        Raises:
            VerifierUnavailableError: it gave no usable answer.
        """
        ...


def identity_problems(identity: Identity) -> dict[str, str]:
    """What is wrong with the form of the three facts, by field; empty when nothing is."""
    problems = {}
    if not identity.name.strip():
        problems["name"] = "MISSING"
    wrong = id_problem(identity.id_number)
    if wrong is not None:
        problems["id_number"] = wrong
    if _MOBILE.fullmatch(identity.mobile) is None:
        problems["mobile"] = "SIGNS"
    return problems
