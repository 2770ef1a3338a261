"""The whole product in one process: departments on a socket, seeded banks, jobs run on demand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

import enterprise_portal
from tests.enterprise_portal.builders import PASSWORD, Person, signed_in, visitor
from tests.sandboxes import LiveSandbox, live_sandbox
from yidaitong.app import create_app
from yidaitong.jobs import ledger
from yidaitong.jobs.worker import perform_with
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.lending import offering, underwriting
from yidaitong.lending.commands import Recommendation, Verdict
from yidaitong.lending.kinds import Outcome
from yidaitong.lending.underwriting import take
from yidaitong.runtime import Runtime
from yidaitong.sandbox import demo
from yidaitong.sandbox.data.codes import make_uscc
from yidaitong.sandbox.data.personas import PERSONAS
from yidaitong.sandbox.data.profile import Profile, draw_profile

PASSING = "91370199MA31U2DL73"
REFUSED = "91370199MA3H40CL89"
TAX_CREDIT = "TAX-CREDIT"
_ROUNDS = 60
_A_MOMENT = 0.05
_numbers = count()


@dataclass
class World:
    """A seeded installation and its app."""

    runtime: Runtime
    app: Flask
    sandbox: LiveSandbox

    def work(self) -> None:
        """Run every job that is due or soon due, and publish the log, until nothing is left."""
        pause = threading.Event()
        for _ in range(_ROUNDS):
            due = self._due()
            ran = [perform_with(self.runtime, job_id) for job_id in due]
            moved = ledger.step(self.runtime)
            if not due and not moved:
                return
            if not any(ran):
                pause.wait(_A_MOMENT)  # What is due within the second is waited for.

    def _due(self) -> list[UUID]:
        soon = func.clock_timestamp() + timedelta(seconds=1)
        query = select(OutboxJob.id).where(
            OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None), OutboxJob.not_before <= soon
        )
        with self.runtime.transaction(SYSTEM) as uow:
            return list(uow.session.scalars(query.order_by(OutboxJob.id)))

    def banker(self, login: str) -> Actor:
        """A made-up employee, as if signed in."""
        with self.runtime.transaction(SYSTEM) as uow:
            return demo.actor_of(uow, login)

    def approve(self, application_id: UUID, amount_fen: int, rate_bp: int) -> None:
        """Take, recommend, decide and offer, each by its own person."""
        maker, checker = self.banker("qilu.maker"), self.banker("qilu.checker")
        wanted = Recommendation(
            outcome=Outcome.APPROVE, amount_fen=amount_fen, rate_bp=rate_bp, term_months=12
        )
        with self.runtime.transaction(maker) as uow:
            take(uow, application_id)
        with self.runtime.transaction(maker) as uow:
            underwriting.recommend(uow, application_id, wanted)
        with self.runtime.transaction(checker) as uow:
            underwriting.decide(uow, application_id, Verdict(outcome=Outcome.APPROVE))
        with self.runtime.transaction(maker) as uow:
            offering.make(uow, application_id)


@contextmanager
def a_world(runtime: Runtime) -> Iterator[World]:
    """Departments, banks, products, a log; ``runtime`` is pointed at them."""
    with live_sandbox(runtime) as sandbox:
        demo.seed(runtime)
        ledger.init(runtime)
        app = create_app(runtime, [enterprise_portal])
        app.testing = False
        yield World(runtime, app, sandbox)


def profile_of(uscc: str) -> Profile:
    """The sandbox's firm of a code."""
    persona = PERSONAS.get(uscc)
    return draw_profile(uscc) if persona is None else persona.profile


def another() -> str:
    """Code of a firm in operation in the city that no test has used yet."""
    return next(
        uscc
        for uscc in (make_uscc(n, "portal-tests") for n in _numbers)
        if in_operation(profile_of(uscc))
    )


def in_operation(profile: Profile) -> bool:
    """Whether the registry accepts it."""
    return profile.closed_on is None and profile.district.startswith("3701")


def rep_of(uscc: str) -> dict[str, str]:
    """The three facts of its representative."""
    rep = profile_of(uscc).rep
    return {"name": rep.name, "id_number": rep.id_no, "mobile": rep.mobile}


def registered(world: World, uscc: str = PASSING, language: str = "zh-CN") -> Person:
    """A firm of the sandbox, registered through the API; its representative is signed in."""
    # A log nobody reads for half a minute stops whatever widens consent.
    ledger.step(world.runtime)
    new = visitor(world.app, language)
    begun = new.api(
        "POST", "/registrations", {"uscc": uscc, "name": profile_of(uscc).name}
    ).get_json()
    assert begun["state"] == "REGISTRY_MATCHED", begun
    code = {"resume_code": begun["resume_code"]}
    path = f"/registrations/{begun['registration_id']}"
    verified = new.api("POST", f"{path}/representative", code | rep_of(uscc)).get_json()
    assert verified["state"] == "REP_VERIFIED", verified
    opened = new.api("POST", f"{path}/account", code | {"password": PASSWORD})
    assert opened.status_code == 201, opened.text
    person = signed_in(world.app, rep_of(uscc)["mobile"], language)
    person.enterprise_id = UUID(begun["registration_id"])
    return person


def applied(
    person: Person, amount: str = "500000.00", product: str = TAX_CREDIT
) -> tuple[str, list[dict[str, str]]]:
    """An application drafted by API: its id and what is asked."""
    answer = person.api(
        "POST", "/applications", {"product_id": product, "amount": amount, "term_months": 12}
    )
    assert answer.status_code == 201, answer.text
    body = answer.get_json()
    return body["application_id"], body["asks"]


def authorized(person: Person, asks: list[dict[str, str]]) -> list[str]:
    """Sign everything that was asked; the chains."""
    chains = []
    for ask in asks:
        answer = person.api(
            "POST",
            f"/asks/{ask['request_id']}/signature",
            {"digest": ask["digest"]},
            **{"Step-Up-Token": person.step_up(ask["digest"])},
        )
        assert answer.status_code == 200, answer.text
        chains.append(answer.get_json()["chain_id"])
    return chains


def submitted(world: World, person: Person) -> tuple[str, list[str]]:
    """An authorized application handed to the bank, with its data collected; id and chains."""
    application_id, asks = applied(person)
    chains = authorized(person, asks)
    answer = person.api("POST", f"/applications/{application_id}/submission", {})
    assert answer.status_code == 200, answer.text
    world.work()
    return application_id, chains
