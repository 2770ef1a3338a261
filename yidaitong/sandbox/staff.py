"""The made-up people of the demo's banks and of the service centre, one for each role."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from yidaitong.accounts import registering
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.errors import LoginTakenError
from yidaitong.accounts.models import OrgKind
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime
from yidaitong.sandbox.data.profile import Person, make_person

PASSWORD: Final = "yidaitong-demo-2018"  # noqa: S105 - made-up people on made-up data
CENTRE: Final = "centre"
QILU: Final = "bank-qilu"
QUANCHENG: Final = "bank-quancheng"
ORGANISATIONS: Final = {
    QILU: (OrgKind.BANK, "齐鲁银行"),
    QUANCHENG: (OrgKind.BANK, "泉城银行"),
    CENTRE: (OrgKind.GOV, "济南市小微企业融资服务中心"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One made-up employee: where they work, what they may do, how they sign in."""

    org_id: str
    login: str
    role: str
    person: Person


def _member(org_id: str, login: str, role: str, name: str, serial: int) -> Member:
    born = date(1978 + serial % 17, 1 + serial % 12, 1 + serial % 28)
    return Member(org_id=org_id, login=login, role=role, person=make_person(name, born, serial))


MEMBERS: Final = (
    _member(QILU, "qilu.maker", "bank_maker", "李晓燕", 101),
    _member(QILU, "qilu.checker", "bank_checker", "周国栋", 102),
    _member(QILU, "qilu.product", "bank_product", "吴敏", 103),
    _member(QUANCHENG, "quancheng.maker", "bank_maker", "孙文博", 111),
    _member(QUANCHENG, "quancheng.checker", "bank_checker", "郑秀兰", 112),
    _member(QUANCHENG, "quancheng.product", "bank_product", "冯凯", 113),
    _member(CENTRE, "centre.officer", "centre_officer", "赵立新", 121),
    _member(CENTRE, "centre.checker", "centre_checker", "钱慧", 122),
    _member(CENTRE, "gov.viewer", "gov_viewer", "高明远", 123),
    _member(CENTRE, "gov.auditor", "auditor", "韩正", 124),
    _member(CENTRE, "gov.operator", "operator", "田野", 125),
)


def hire(runtime: Runtime) -> None:
    """Open every account that is not there yet. Safe to repeat."""
    for member in MEMBERS:
        kind, org_name = ORGANISATIONS[member.org_id]
        new = NewAccount(
            org_id=member.org_id,
            org_kind=kind,
            org_name=org_name,
            name=member.person.name,
            id_number=member.person.id_no,
            login=member.login,
            password=PASSWORD,
            roles=[member.role],
        )
        try:
            with runtime.transaction(SYSTEM) as uow:
                registering.create(uow, new)
        except LoginTakenError:
            continue
