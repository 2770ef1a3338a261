"""A firm with its consents, a bank with a product, and an application anywhere in its life."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.authorizations.builders import BANK, Firm, a_firm, granted_pair
from yidaitong.accounts import stepup
from yidaitong.accounts.roles import permissions_of
from yidaitong.banks.models import AgreementState, Bank, BankAgreement
from yidaitong.kernel.actor import SYSTEM, Actor, AuthLevel, Realm
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications, loans, offering, screening, underwriting
from yidaitong.lending.commands import (
    AcceptOffer,
    CreateApplication,
    LoanEvent,
    Recommendation,
    Verdict,
)
from yidaitong.lending.facts import Bundle
from yidaitong.lending.kinds import Outcome
from yidaitong.lending.lifecycle import LoanEventKind
from yidaitong.lending.models import Application, Evaluation, Offer
from yidaitong.products.kinds import Repayment
from yidaitong.products.lifecycle import ProductState
from yidaitong.products.models import Product, ProductVersion
from yidaitong.products.policy import Fact, Why, parse

PRODUCT = "TAX-CREDIT"
AMOUNT = 100_000_000
NOTE = "经核实资料齐全,同意。"
AS_OF = date(2026, 3, 1)
POLICY: Mapping[str, Any] = {
    "product": PRODUCT,
    "min_limit_fen": 5_000_000,
    "rules": [
        {"id": "C2", "item": "reg.status", "op": "eq", "value": "1"},
        {"id": "C6", "item": "reg.legal_rep_age", "op": "between", "value": [18, 65]},
        {"id": "A4", "item": "tax.paid_12m_fen", "op": "ge", "value": 500_000},
        {
            "id": "A5",
            "item": "tax.zero_months_12m",
            "op": "le",
            "value": 3,
            "on_fail": "REFER",
        },
    ],
    "tables": [
        {
            "when": [{"item": "reg.age_months", "op": "ge", "value": 0}],
            "then": {"k_bp": 50_000, "spread_bp": 105},
        }
    ],
    "limit": {
        "floor_to": [
            {
                "sub": [
                    {
                        "min": [
                            {"bp": ["tax.paid_12m_fen", "t.k_bp"]},
                            300_000_000,
                            "app.amount_fen",
                        ]
                    },
                    "exp.platform_fen",
                ]
            },
            1_000_000,
        ]
    },
    "rate": {"add": [435, "t.spread_bp"]},
}
# A firm that passes: 5 × 180,000.00 = 900,000.00 yuan.
GOOD: Mapping[str, Any] = {
    "reg.status": "1",
    "reg.age_months": 61,
    "tax.paid_12m_fen": 18_000_000,
    "tax.zero_months_12m": 1,
}
REFERRED = {**GOOD, "tax.zero_months_12m": 5}
REJECTED = {**GOOD, "tax.paid_12m_fen": 300_000}
LIMIT = 90_000_000
RATE = 540
AGE = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An application with everybody it needs."""

    id: UUID
    firm: Firm
    chains: tuple[UUID, UUID]
    maker: Actor
    checker: Actor


def a_bank(uow: UnitOfWork, bank_id: str = BANK, product_id: str = PRODUCT) -> None:
    """A bank with an agreement in force and one product on the shelf."""
    system = uow.acting(SYSTEM)
    today = business_date(uow.now)
    year = timedelta(days=365)
    bank = Bank(
        id=bank_id,
        name_zh="齐鲁示例银行",
        name_en="Qilu",
        contact="0531-0",
        registered_at=uow.now,
    )
    system.session.merge(bank)  # Somebody may have pinned a key of it already.
    system.session.flush()
    agreement = BankAgreement(
        bank_id=bank_id,
        starts_on=today - year,
        ends_on=today + year,
        maker_person_id=uuid7(),
        made_at=uow.now,
    )
    agreement.state = AgreementState.ACTIVE
    agreement.checker_person_id = uuid7()
    agreement.checked_at = uow.now
    system.session.add_all([agreement, Product(id=product_id, bank_id=bank_id, created_at=uow.now)])
    system.session.flush()
    system.session.add(a_version(uow, bank_id, product_id))
    system.session.flush()


def a_version(
    uow: UnitOfWork, bank_id: str = BANK, product_id: str = PRODUCT, version: int = 1
) -> ProductVersion:
    document = {**POLICY, "product": product_id}
    return ProductVersion(
        product_id=product_id,
        version=version,
        bank_id=bank_id,
        state=ProductState.EFFECTIVE,
        name_zh="税易贷",
        name_en="Tax credit",
        summary_zh="示例",
        summary_en="Sample",
        audience_zh="示例",
        audience_en="Sample",
        cap_fen=300_000_000,
        rate_min_bp=480,
        rate_max_bp=610,
        term_min=1,
        term_max=36,
        repayment=Repayment.INTEREST_MONTHLY,
        policy=document,
        trials={},
        sha256=parse(document).sha256,
        content_sha256="A" * 43,
        created_at=uow.now,
        effective_from=uow.now,
    )


def a_banker(role: str, bank_id: str = BANK) -> Actor:
    return Actor(
        realm=Realm.BANK,
        org_id=bank_id,
        person_id=uuid7(),
        account_id=uuid7(),
        roles=frozenset({role}),
        permissions=permissions_of([role]),
        auth_level=AuthLevel.SESSION,
    )


def another_account_of(actor: Actor, role: str) -> Actor:
    """The same natural person with a second account in another role."""
    return replace(
        actor,
        account_id=uuid7(),
        roles=frozenset({role}),
        permissions=permissions_of([role]),
    )


def a_draft(uow: UnitOfWork, firm: Firm | None = None, amount_fen: int = AMOUNT) -> Case:
    """A drafted application whose consents are granted; the bank must exist."""
    firm = a_firm(uow) if firm is None else firm
    made = applications.create(
        uow.acting(firm.rep),
        CreateApplication(product_id=PRODUCT, amount_fen=amount_fen, term_months=12),
    )
    return Case(
        id=made.id,
        firm=firm,
        chains=granted_pair(uow, firm, application_id=made.id),
        maker=a_banker("bank_maker"),
        checker=a_banker("bank_checker"),
    )


def submitted(uow: UnitOfWork) -> Case:
    a_bank(uow)
    case = a_draft(uow)
    applications.submit(uow.acting(case.firm.rep), case.id)
    return case


def evaluated(uow: UnitOfWork, facts: Mapping[str, Any] = GOOD) -> Case:
    case = submitted(uow)
    evaluate(uow, case, facts)
    return case


def evaluate(
    uow: UnitOfWork, case: Case, facts: Mapping[str, Any] = GOOD, age: int | None = AGE
) -> Evaluation:
    """Run the policy over facts as two packets would bring them."""
    own, personal = case.chains
    material = screening.Material(
        bundles=[
            Bundle(chain_id=own, facts={name: _fact(value) for name, value in facts.items()}),
            Bundle(chain_id=personal, facts={"reg.legal_rep_age": _fact(age)}),
        ],
        packets=["P" * 42 + str(len(facts))],
    )
    system = uow.acting(SYSTEM)
    found = screening.evaluate_material(system, application(uow, case), material)
    uow.acting(SYSTEM)
    return found


def _fact(value: Any) -> Fact:
    why = Why.UNAVAILABLE if value is None else None
    return Fact(value=value, why=why, as_of=AS_OF, source="SAMR.REG", formula_version=1)


def application(uow: UnitOfWork, case: Case) -> Application:
    return uow.acting(SYSTEM).session.get_one(Application, case.id, populate_existing=True)


def approval(amount_fen: int | None = 80_000_000, **others: Any) -> Recommendation:
    terms: dict[str, Any] = {"rate_bp": RATE, "term_months": 12, "note": NOTE}
    return Recommendation(outcome=Outcome.APPROVE, amount_fen=amount_fen, **(terms | others))


def to_check(
    uow: UnitOfWork, facts: Mapping[str, Any] = GOOD, command: Recommendation | None = None
) -> Case:
    case = evaluated(uow, facts)
    recommend(uow, case, command)
    return case


def recommend(uow: UnitOfWork, case: Case, command: Recommendation | None = None) -> None:
    maker = uow.acting(case.maker)
    underwriting.take(maker, case.id)
    underwriting.recommend(maker, case.id, command or approval())


def approved(uow: UnitOfWork) -> Case:
    case = to_check(uow)
    underwriting.decide(
        uow.acting(case.checker), case.id, Verdict(outcome=Outcome.APPROVE, note=NOTE)
    )
    return case


def offered(uow: UnitOfWork) -> tuple[Case, Offer]:
    case = approved(uow)
    return case, offering.make(uow.acting(case.maker), case.id)


def accepted(uow: UnitOfWork) -> Case:
    case, offer = offered(uow)
    accept(uow, case, offer)
    return case


def accept(uow: UnitOfWork, case: Case, offer: Offer) -> Offer:
    rep = uow.acting(case.firm.rep)
    token = stepup.issue(rep, offer.digest)
    return offering.accept(rep, AcceptOffer(offer_id=offer.id, digest=offer.digest, token=token))


def event(uow: UnitOfWork, case: Case, kind: LoanEventKind, **members: Any) -> LoanEvent:
    defaults: dict[str, Any] = {
        "serial": f"{kind.value}-1",
        "business_date": business_date(uow.now),
        "application_id": case.id,
    }
    return LoanEvent(kind=kind, **(defaults | members))


def report(uow: UnitOfWork, case: Case, kind: LoanEventKind, **members: Any) -> loans.Reported:
    return loans.report(uow.acting(case.maker), event(uow, case, kind, **members))


def contracted(uow: UnitOfWork, on: date | None = None) -> Case:
    case = accepted(uow)
    dated = {} if on is None else {"business_date": on}
    report(uow, case, LoanEventKind.CONTRACT, amount_fen=80_000_000, **dated)
    return case


def disbursed(uow: UnitOfWork, on: date | None = None) -> Case:
    case = contracted(uow, on)
    dated = {} if on is None else {"business_date": on}
    report(uow, case, LoanEventKind.DISBURSE, amount_fen=80_000_000, **dated)
    return case
