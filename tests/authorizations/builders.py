"""A firm whose representative is signed in, a product offered to it, and what it then signs."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from tests.enterprises.test_registration import FIRM, a_registered_enterprise
from yidaitong.accounts import stepup
from yidaitong.accounts.models import (
    Account,
    Organisation,
    OrgKind,
    Person,
    SessionKind,
    UserSession,
)
from yidaitong.accounts.roles import permissions_of
from yidaitong.authorizations import asking, signing
from yidaitong.authorizations.commands import RequestAuthorization, Sign
from yidaitong.authorizations.offers import Offer
from yidaitong.authorizations.purposes import Purpose
from yidaitong.departments import catalogue
from yidaitong.kernel.actor import SYSTEM, Actor, AuthLevel, Realm
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

BANK = "bank-qilu"
ITEMS = frozenset(
    {
        "reg.status",
        "reg.age_months",
        "reg.legal_rep_age",
        "tax.paid_12m_fen",
        "tax.paid_prev12m_fen",
        "court.dishonest_open",
        "app.amount_fen",
        "exp.platform_fen",
    }
)
OFFER = Offer(
    product_id="TAX-CREDIT",
    product_name=Text("税易贷", "Tax credit"),
    bank_id=BANK,
    bank_name="齐鲁示例银行",
    bank_contact="0531-00000000",
    policy_version=1,
    policy_sha256="A" * 43,
    items=ITEMS,
)
WITHOUT_PERSON = replace(OFFER, items=ITEMS - {"reg.legal_rep_age"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A registered firm and its representative."""

    enterprise_id: UUID
    rep: Actor

    def colleague(self) -> Actor:
        """Somebody else of the firm with the same permissions."""
        return replace(self.rep, person_id=uuid7(), session_id=None)


def a_firm(uow: UnitOfWork, uscc: str = FIRM) -> Firm:
    catalogue.seed(uow.acting(SYSTEM))
    enterprise = a_registered_enterprise(uow, uscc)
    system = uow.acting(SYSTEM)
    person = Person(
        id_number_index=uuid7().bytes, name_sealed=b"", id_number_sealed=b"", created_at=uow.now
    )
    enterprise.rep_person_id = person.id
    organisation = Organisation(
        id=str(enterprise.id), kind=OrgKind.ENTERPRISE, name="示例", created_at=uow.now
    )
    system.session.add_all([person, organisation])
    system.session.flush()
    account = Account(
        org_id=organisation.id,
        person_id=person.id,
        login_index=uuid7().bytes,
        login_hint="138****0000",
        password_hash="x",
        roles=["ent_rep"],
        created_at=uow.now,
        password_changed_at=uow.now,
    )
    system.session.add(account)
    system.session.flush()
    rep = Actor(
        realm=Realm.ENTERPRISE,
        org_id=organisation.id,
        person_id=person.id,
        account_id=account.id,
        session_id=a_session(system, account),
        roles=frozenset({"ent_rep"}),
        permissions=permissions_of(["ent_rep"]),
        auth_level=AuthLevel.SESSION,
    )
    return Firm(enterprise_id=enterprise.id, rep=rep)


def a_session(uow: UnitOfWork, account: Account) -> UUID:
    session = UserSession(
        account_id=account.id,
        org_id=account.org_id,
        kind=SessionKind.COOKIE,
        token_sha256=uuid7().bytes * 2,
        started_at=uow.now,
        seen_at=uow.now,
        idle_ends_at=uow.now + timedelta(minutes=15),
        ends_at=uow.now + timedelta(hours=8),
    )
    uow.session.add(session)
    uow.session.flush()
    return session.id


def a_banker(bank_id: str = BANK) -> Actor:
    return Actor(
        realm=Realm.BANK,
        org_id=bank_id,
        person_id=uuid7(),
        roles=frozenset({"bank_maker"}),
        permissions=permissions_of(["bank_maker"]),
        auth_level=AuthLevel.SESSION,
    )


def ask(
    uow: UnitOfWork, firm: Firm, offer: Offer = OFFER, application_id: UUID | None = None
) -> asking.Asked:
    command = RequestAuthorization(
        product_id=offer.product_id,
        purpose=Purpose.ORIGINATION,
        application_id=application_id,
        amount_fen=100_000_000,
        term_months=12,
    )
    return asking.ask(uow.acting(firm.rep), offer, command)


def sign(uow: UnitOfWork, firm: Firm, request_id: UUID, digest: str) -> signing.Granted:
    rep = uow.acting(firm.rep)
    token = stepup.issue(rep, digest)
    granted = signing.sign_and_grant(rep, Sign(request_id=request_id, digest=digest, token=token))
    if granted is None:
        raise RuntimeError("not granted")
    return granted


def granted_pair(
    uow: UnitOfWork, firm: Firm, application_id: UUID | None = None
) -> tuple[UUID, UUID]:
    """Chain ids of the enterprise's consent and of its representative's own."""
    asked = ask(uow, firm, application_id=application_id)
    own = sign(uow, firm, asked.request_id, asked.digest)
    if asked.companion_id is None or asked.companion_digest is None:
        raise RuntimeError("no companion")
    companion = sign(uow, firm, asked.companion_id, asked.companion_digest)
    return own.chain_id, companion.chain_id
