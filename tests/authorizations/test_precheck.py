"""A pre-check is the enterprise's own: no bank sees that there was one."""

import pytest
from sqlalchemy import text

from consent.models import Chain
from tests.authorizations.builders import BANK, WITHOUT_PERSON, a_banker, a_firm, sign
from yidaitong.authorizations import asking
from yidaitong.authorizations.commands import RequestAuthorization
from yidaitong.authorizations.purposes import Purpose
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.migrations import schema
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.lifecycle import PullState
from yidaitong.pulls.orders import PullOrder


def seen_by(uow: UnitOfWork, bank_id: str) -> dict[str, int]:
    """Rows a bank's people get of each table that belongs to somebody."""
    scoped = uow.acting(a_banker(bank_id))
    found = {}
    for table in schema.tables():
        rls = schema.rls_of(table)
        if rls is not None and not rls.public:
            query = text(f"SELECT count(*) FROM {table.fullname}")  # noqa: S608 - our own tables
            found[table.fullname] = scoped.session.execute(query).scalar_one()
    uow.acting(SYSTEM)
    return found


@pytest.mark.promise("T5")
def test_it_leaves_nothing_any_bank_can_see(uow: UnitOfWork) -> None:
    firm = a_firm(uow)
    before = {bank: seen_by(uow, bank) for bank in (BANK, "bank-other")}
    command = RequestAuthorization(product_id=WITHOUT_PERSON.product_id, purpose=Purpose.PRECHECK)
    asked = asking.ask(uow.acting(firm.rep), WITHOUT_PERSON, command)
    granted = sign(uow, firm, asked.request_id, asked.digest)
    pull = authorise(
        uow.acting(firm.rep), PullOrder(chain_id=granted.chain_id, idempotency_key="own")
    )
    uow.acting(SYSTEM)

    assert pull.state is PullState.AUTHORISED
    assert uow.session.get_one(Chain, granted.chain_id).bank_id is None
    assert {bank: seen_by(uow, bank) for bank in before} == before
    written = text("SELECT count(*) FROM consent.event WHERE chain_id = :chain")
    assert uow.session.execute(written, {"chain": granted.chain_id}).scalar_one() > 0
