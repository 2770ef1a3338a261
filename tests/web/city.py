"""A whole city in one process: two banks, firms with loans, officials, all of them signed in."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import Flask
from sqlalchemy import select, text

import bank_portal
import enterprise_portal
import gov_portal
from consent.models import ConsentRequest
from tests.authorizations.builders import Firm
from tests.authorizations.people import ALL, actor_of, an_agent, an_identity, an_invite, invite
from tests.authorizations.people import PASSWORD as AGENTS_PASSWORD
from tests.enterprise_portal.builders import Person, visitor
from tests.enterprise_portal.world import World, a_world
from tests.sandboxes import served
from tests.signing import token_for
from yidaitong.accounts.models import Account
from yidaitong.accounts.registering import login_key
from yidaitong.app import create_app
from yidaitong.authorizations import bank_asking
from yidaitong.enterprises.mandate_lifecycle import MandateRight
from yidaitong.enterprises.models import MandateInvitation
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date, wall
from yidaitong.lending import monitoring
from yidaitong.lending.loan_models import Loan
from yidaitong.runtime import Runtime
from yidaitong.sandbox import bankkeys, demo
from yidaitong.sandbox.staff import MEMBERS, PASSWORD
from yidaitong.sandbox.story.checking import Checker, Pinned
from yidaitong.sandbox.story.client import Party
from yidaitong.sandbox.story.enterprise import Borrower
from yidaitong.sandbox.story.plan import Story, stories
from yidaitong.sandbox.story.running import lender
from yidaitong.sandbox.story.signing import Signer
from yidaitong.sandbox.story.teller import Teller, Told

OWN: Final = "91370199MA31U2DL73"  # Borrows at bank-qilu.
FOREIGN: Final = "91370199MA3XMPL129"  # Borrows at bank-quancheng.


@dataclass
class City:
    """``people`` by login name; ``own`` and ``foreign`` hold one id of each kind of object.

    Own is what belongs to the first firm and its bank; of foreign things both see nothing.
    """

    world: World
    app: Flask
    told: dict[str, Told]
    borrowers: dict[str, Borrower]
    people: dict[str, Person] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    foreign: dict[str, Any] = field(default_factory=dict)

    @property
    def runtime(self) -> Runtime:
        return self.world.runtime


@contextmanager
def a_city(runtime: Runtime) -> Iterator[City]:
    """Two whole stories told over HTTP, then everybody signs in."""
    with a_world(runtime) as world:
        app = create_app(runtime, [enterprise_portal, bank_portal, gov_portal])
        with served(app) as url, working(world):
            told = _told(runtime, url)
        world.work()
        city = City(
            world,
            app,
            {uscc: one for uscc, (_, one) in told.items()},
            {uscc: borrower for uscc, (borrower, _) in told.items()},
        )
        _settle(city)
        yield city


@contextmanager
def working(world: World) -> Iterator[None]:
    """Jobs run and the log is published while the block lasts."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            world.work()
            stop.wait(0.02)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def teller_at(runtime: Runtime, url: str) -> Teller:
    """Who tells whole stories against the app at ``url``."""
    pinned = Pinned.fetch(Party(base_url=url))
    lenders = {}
    for bank_id in demo.BANKS:
        folder = demo.keys_folder(runtime.settings)
        desk = Checker(bank_id=bank_id, keys=bankkeys.ensure(folder, bank_id), pinned=pinned)
        client_id = bankkeys.client_id(folder, bank_id)
        lenders[bank_id] = lender(url, desk, client_id, runtime.settings.base_url)
    return Teller(base_url=url, lenders=lenders, business_date=business_date(wall()).isoformat())


def signer_of(runtime: Runtime, bank_id: str) -> Signer:
    """The key a made-up bank signs its calls with."""
    keys = bankkeys.ensure(demo.keys_folder(runtime.settings), bank_id)
    return Signer(keys.msg, runtime.settings.base_url)


def planned(most: int) -> Iterator[Story]:
    """Stories in their usual order."""
    return stories(business_date(wall()), most)


def _told(runtime: Runtime, url: str) -> dict[str, tuple[Borrower, Told]]:
    teller = teller_at(runtime, url)
    found = {}
    for story in planned(20):
        if story.firm.uscc in {OWN, FOREIGN}:
            one = teller.tell(story)
            assert one is not None
            assert one[1].disbursed_fen > 0, one[1].result
            found[story.firm.uscc] = one
    return found


def sign_in(
    app: Flask, login: str, password: str = PASSWORD, signer: Signer | None = None
) -> Person:
    """Somebody signed in on pages and by API; a bank's people sign what they call."""
    person = visitor(app)
    answer = person.post("/login", {"login": login, "password": password})
    assert answer.status_code == 303, login
    if signer is not None:
        person.login, person.signer = login, signer
        person.token = token_for(person.client, signer, login, password)
        return person
    opened = person.client.post(
        "/api/session/v1/sessions", json={"login": login, "password": password}
    )
    person.login, person.token = login, opened.get_json()["token"]
    return person


def _settle(city: City) -> None:
    for member in MEMBERS:
        signer = signer_of(city.runtime, member.org_id) if member.org_id in demo.BANKS else None
        city.people[member.login] = sign_in(city.app, member.login, signer=signer)
    city.own |= _things(city, OWN, "李明", 1)
    city.foreign |= _things(city, FOREIGN, "王芳", 2)
    city.people["rep"] = sign_in(city.app, city.borrowers[OWN].firm.rep.mobile)
    city.people["clerk"] = sign_in(city.app, an_identity("赵敏", 3).mobile, AGENTS_PASSWORD)
    city.people["agent"] = sign_in(city.app, an_identity("李明", 1).mobile, AGENTS_PASSWORD)
    city.people["nobody"] = visitor(city.app)


def _things(city: City, uscc: str, name: str, day: int) -> dict[str, Any]:
    login = city.borrowers[uscc].firm.rep.mobile
    return (
        _agents(city, login, name, day)
        | _open(city, uscc)
        | _ids(city.runtime, UUID(city.told[uscc].application_id))
    )


def _agents(city: City, login: str, name: str, day: int) -> dict[str, Any]:
    with city.runtime.transaction(SYSTEM) as uow:
        account = uow.session.scalars(
            select(Account).where(Account.login_index == login_key(uow, login))
        ).one()
        enterprise_id = UUID(account.org_id)
        firm = Firm(enterprise_id=enterprise_id, rep=actor_of(uow, account))
        _, mandate_id = an_agent(uow, firm, ALL, name, day)
        if day == 1:
            an_agent(uow, firm, {MandateRight.FILL}, "赵敏", 3)
        invite(uow, firm, an_invite(uow, name="孙丽"))
        invitation = uow.acting(SYSTEM).session.scalars(
            select(MandateInvitation.id).where(
                MandateInvitation.enterprise_id == enterprise_id,
                MandateInvitation.mandate_id.is_(None),
            )
        )
        return {
            "mandate_id": mandate_id,
            "invitation_id": invitation.one(),
            "enterprise_id": enterprise_id,
            "registration_id": enterprise_id,
        }


def _open(city: City, uscc: str) -> dict[str, Any]:
    """A request nobody has signed yet: the bank's, about the loan it paid out."""
    with city.runtime.transaction(SYSTEM) as uow:
        query = select(Loan.id, Loan.bank_id).where(
            Loan.application_id == UUID(city.told[uscc].application_id)
        )
        loan_id, bank_id = uow.session.execute(query).one()
    maker = city.world.banker(f"{bank_id.removeprefix('bank-')}.maker")
    with city.runtime.transaction(maker) as uow:
        request_id = monitoring.draft_request(uow, loan_id)
        bank_asking.send(uow, request_id)
        digest = uow.session.get_one(ConsentRequest, request_id).digest
    return {"request_id": request_id, "digest": digest}


_BY_APPLICATION: Final[Mapping[str, str]] = {
    "chain_id": "SELECT id FROM consent.chain WHERE application_id = :a ORDER BY id LIMIT 1",
    "pull_id": "SELECT id FROM pull WHERE application_id = :a ORDER BY id LIMIT 1",
    "packet_id": "SELECT id FROM packet WHERE application_id = :a ORDER BY id LIMIT 1",
    "loan_id": "SELECT id FROM loan WHERE application_id = :a",
    "offer_id": "SELECT id FROM offer WHERE application_id = :a",
    "version_id": "SELECT v.id FROM product_version v JOIN application p ON p.id = :a "
    "WHERE v.bank_id = p.bank_id ORDER BY v.id LIMIT 1",
    "bank_id": "SELECT bank_id FROM application WHERE id = :a",
    "entry_id": "SELECT min(entry_id) FROM consent.event WHERE chain_id = (SELECT id FROM "
    "consent.chain WHERE application_id = :a ORDER BY id LIMIT 1)",
    "access_id": "SELECT id FROM consent.event WHERE type = 'packet.fetched' AND chain_id = "
    "(SELECT id FROM consent.chain WHERE application_id = :a ORDER BY id LIMIT 1) LIMIT 1",
    "notice_id": "SELECT n.id FROM notice n JOIN application p ON p.id = :a "
    "WHERE n.receiver = p.bank_id ORDER BY n.id LIMIT 1",
    "endpoint_id": "SELECT e.id FROM callback_endpoint e JOIN application p ON p.id = :a "
    "WHERE e.bank_id = p.bank_id ORDER BY e.id LIMIT 1",
    "key_id": "SELECT k.id FROM bank_key k JOIN application p ON p.id = :a "
    "WHERE k.bank_id = p.bank_id AND k.use = 'msg' ORDER BY k.id LIMIT 1",
    "client_id": "SELECT c.id FROM api_client c JOIN application p ON p.id = :a "
    "WHERE c.bank_id = p.bank_id ORDER BY c.id LIMIT 1",
    "session_id": "SELECT s.id FROM user_session s JOIN application p ON p.id = :a "
    "WHERE s.org_id = p.enterprise_id::text ORDER BY s.id DESC LIMIT 1",
}


def _ids(runtime: Runtime, application_id: UUID) -> dict[str, Any]:
    with runtime.transaction(SYSTEM) as uow:
        found = {
            name: uow.session.execute(text(query), {"a": application_id}).scalar_one()
            for name, query in _BY_APPLICATION.items()
        }
    return {"application_id": application_id, **found}
