"""The four products the platform opens with, taken through their real life by real people."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any, Final

from yidaitong.banks import registering
from yidaitong.banks.commands import RegisterBank
from yidaitong.banks.queries import is_accredited
from yidaitong.kernel.actor import Actor
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, editing, effecting
from yidaitong.products.commands import Confirm, DraftProduct
from yidaitong.products.kinds import Repayment
from yidaitong.products.models import ProductVersion
from yidaitong.products.queries import effective

# In the order of the shelf. Sample terms for the sandbox; 泉城银行 is invented.
FILES: Final = ("tax_credit", "sci_tech", "payroll_fund", "power_flow")
BANKS: Final[Mapping[str, tuple[Text, str]]] = {
    "bank-qilu": (Text("齐鲁银行", "Qilu Bank"), "0531-00000001"),
    "bank-quancheng": (Text("泉城银行", "Quancheng Bank"), "0531-00000002"),
}
_AGREED_FOR: Final = timedelta(days=3 * 365)
_NOTE: Final = "所列指标均为定价和准入所必需,未见歧视性信息。"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who acts: by bank a product manager and a checker, at the centre an officer and a checker."""

    makers: Mapping[str, Actor]
    checkers: Mapping[str, Actor]
    officer: Actor
    checker: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One product of a file, and the bank that offers it."""

    bank_id: str
    draft: DraftProduct


def read(name: str) -> Launch:
    """The launch product of one file."""
    text = resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return Launch(
        bank_id=data["bank_id"],
        draft=DraftProduct(
            product_id=data["product_id"],
            name=Text(**data["name"]),
            summary=Text(**data["summary"]),
            audience=Text(**data["audience"]),
            cap_fen=data["cap_fen"],
            rate_min_bp=data["rate_bp"][0],
            rate_max_bp=data["rate_bp"][1],
            term_min=data["term_months"][0],
            term_max=data["term_months"][1],
            repayment=Repayment(data["repayment"]),
            policy=data["policy"],
            trials=data["trials"],
        ),
    )


def accredit_banks(uow: UnitOfWork, people: People) -> None:
    """Register and accredit the launch banks that are not yet. Safe to repeat."""
    today = business_date(uow.now)
    for bank_id, (name, contact) in BANKS.items():
        if is_accredited(uow, bank_id):
            continue
        command = RegisterBank(
            bank_id=bank_id,
            name_zh=name.zh,
            name_en=name.en,
            contact=contact,
            starts_on=today,
            ends_on=today + _AGREED_FOR,
        )
        registering.register(uow.acting(people.officer), command)
        registering.accredit(uow.acting(people.checker), bank_id)
    uow.acting(uow.actor)


def seed(uow: UnitOfWork, people: People) -> list[ProductVersion]:
    """Bring the launch products into effect, banks first; those in effect stay. Safe to repeat.

    The catalogue must be published before.

    Raises:
        FourEyesError: two of the people are one person.
        NotAdmissibleError: a department does not serve what a policy names.
    """
    accredit_banks(uow, people)
    made = [
        _launch(uow, people, one)
        for one in map(read, FILES)
        if effective(uow, one.draft.product_id) is None
    ]
    uow.acting(uow.actor)
    return made


def _launch(uow: UnitOfWork, people: People, one: Launch) -> ProductVersion:
    maker, checker = people.makers[one.bank_id], people.checkers[one.bank_id]
    version = editing.draft(uow.acting(maker), one.draft)
    confirm = Confirm(version_id=version.id, digest=version.content_sha256, note=_NOTE)
    approving.submit(uow.acting(maker), confirm)
    approving.check(uow.acting(checker), confirm)
    approving.review(uow.acting(people.officer), confirm)
    approving.admit(uow.acting(people.checker), confirm)
    return effecting.put_in_effect(uow.acting(maker), version.id)
