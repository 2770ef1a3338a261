"""Matching what the applicant typed with the business registry (resource SAMR.REG)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from yidaitong.kernel.text import Text, fold

CITY = "3701"  # GB/T 2260: Jinan.
IN_OPERATION = "1"  # Registration status 存续.
RULE_VERSION = 1


class MatchResult(StrEnum):
    """What the comparison found; the first difference counts."""

    # Wire format: append only.
    MATCHED = "MATCHED"
    NO_RECORD = "NO_RECORD"
    NAME = "NAME"
    STATUS = "STATUS"
    ADDRESS = "ADDRESS"

    @property
    def text(self) -> Text:
        """The result in words for people."""
        return _TEXTS[self]


_TEXTS = {
    MatchResult.MATCHED: Text("与登记信息一致", "Matches the registry"),
    MatchResult.NO_RECORD: Text("登记系统查无此企业", "The registry knows no such enterprise"),
    MatchResult.NAME: Text("名称与登记信息不一致", "The name differs from the registry"),
    MatchResult.STATUS: Text(
        "企业不在存续状态,暂不能注册", "The enterprise is not in operation, so it cannot register"
    ),
    MatchResult.ADDRESS: Text(
        "企业住所不在济南市,暂不能注册", "The enterprise is not in Jinan, so it cannot register"
    ),
}


@dataclass(frozen=True, slots=True)
class RegistryQuestion:
    """One question to the registry; ``request_id`` makes retries the same question."""

    request_id: UUID
    enterprise_id: UUID
    uscc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryRecord:
    """What the registry says; ``district`` is a GB/T 2260 code, ``size`` one of L M S XS.

    ``known`` is False when it has no such enterprise; everything else is then empty.
    """

    known: bool
    serial: str
    sha256: str
    as_of: date | None
    name: str = ""
    status: str = ""
    district: str = ""
    address: str = ""
    industry: str | None = None
    size: str | None = None
    rep_name: str = ""


class BusinessRegistry(Protocol):
    """Where registrations of enterprises are looked up."""

    def look_up(self, question: RegistryQuestion) -> RegistryRecord:
        """Ask the registry; call it with no transaction open.

        Raises:
            RegistryUnavailableError: it gave no usable answer.
        """
        ...


def compare(typed_name: str, record: RegistryRecord) -> MatchResult:
    """Exact name after folding width and brackets, in operation, in the city: in this order."""
    if not record.known:
        return MatchResult.NO_RECORD
    if fold(typed_name) != fold(record.name):
        return MatchResult.NAME
    if record.status != IN_OPERATION:
        return MatchResult.STATUS
    return MatchResult.MATCHED if record.district.startswith(CITY) else MatchResult.ADDRESS
