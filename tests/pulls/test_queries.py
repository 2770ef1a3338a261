"""Who sees which pulls, and that progress pages ask little."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.authorizations.builders import a_banker, a_firm, granted_pair
from tests.pulls.builders import NAME, ONE, a_case, an_answer, lines_of
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.actor import SYSTEM, Actor, Realm
from yidaitong.kernel.crypto.box import DekKind
from yidaitong.kernel.errors import ForbiddenError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import queries
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.dispatching import claim
from yidaitong.pulls.orders import PullOrder
from yidaitong.pulls.recording import record


@contextmanager
def counted(uow: UnitOfWork) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    engine = uow.session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


class TestVisibility:
    def test_bank_enterprise_and_authorities_see_it(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        pull = authorise(uow, case.order())
        viewer = Actor(realm=Realm.GOV, org_id="gov", permissions=frozenset({"pull.read"}))

        for actor in (case.banker, case.firm.rep, case.firm.colleague(), viewer):
            assert queries.pull_of(uow.acting(actor), pull.id).id == pull.id
        assert [one.id for one in queries.pulls_of_bank(uow.acting(case.banker))] == [pull.id]

    @pytest.mark.promise("T5")
    def test_anothers_pull_is_not_found(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        pull = authorise(uow, case.order())

        stranger = uow.acting(a_banker("bank-quancheng"))
        with pytest.raises(NotFoundError):
            queries.pull_of(stranger, pull.id)
        with pytest.raises(NotFoundError):
            queries.pull_of(stranger, uuid7())
        assert queries.pulls_of_bank(stranger) == []
        assert queries.pulls_of_chain(stranger, case.chain_id) == []

    def test_who_may_not_read_pulls_is_refused(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        pull = authorise(uow, case.order())

        with pytest.raises(ForbiddenError):
            queries.progress(uow.acting(Actor(realm=Realm.BANK, org_id="bank-qilu")), pull.id)

    def test_a_personal_pull_is_the_persons_own(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        _, own = granted_pair(uow, firm)
        pull = authorise(uow.acting(SYSTEM), PullOrder(chain_id=own, idempotency_key="own"))

        assert queries.pull_of(uow.acting(firm.rep), pull.id).person_id == firm.rep.person_id
        with pytest.raises(NotFoundError):
            queries.pull_of(uow.acting(firm.colleague()), pull.id)

    def test_a_personal_question_names_the_enterprise_the_person_serves(
        self, uow: UnitOfWork
    ) -> None:
        firm = a_firm(uow)
        uow.acting(SYSTEM).session.get_one(Enterprise, firm.enterprise_id).name = NAME
        _, own = granted_pair(uow, firm)
        pull = authorise(uow.acting(SYSTEM), PullOrder(chain_id=own, idempotency_key="own"))

        (line,) = lines_of(uow, pull.id)
        order = claim(uow, line.id)

        assert order is not None
        assert (order.resource, order.fields, order.name) == ("SAMR.REG", ("rep_age",), NAME)


class TestProgress:
    def test_it_takes_the_same_queries_however_many_pulls_and_lines(self, uow: UnitOfWork) -> None:
        application = uuid7()
        case = a_case(uow, application_id=application)
        taken = []
        for key in ("a", "b", "c"):
            authorise(uow, case.order(key))
            uow.session.expire_all()
            with counted(uow) as sent:
                found = queries.progress_of_application(uow, application)
            taken.append(len(sent))

        assert len(found) == 3
        assert taken == [2, 2, 2]
        assert [len(one.lines) for one in found] == [8, 8, 8]

    def test_it_counts_what_is_closed(self, uow: UnitOfWork) -> None:
        case = a_case(uow)
        pull = authorise(uow, case.order())
        before = queries.progress(uow, pull.id)
        order = claim(uow, lines_of(uow, pull.id)[0].id)
        assert order is not None
        record(uow, order, an_answer())
        uow.session.expire_all()

        after = queries.progress(uow, pull.id)

        assert (before.closed, after.closed, len(after.lines)) == (0, 1, 8)
        assert not after.ended
        assert after.lines[0].text.zh


class TestResults:
    def test_after_its_key_is_gone_an_answer_is_none(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        pull = authorise(uow, case.order())
        order = claim(uow, lines_of(uow, pull.id)[0].id)
        assert order is not None
        record(uow, order, an_answer())
        (known,) = queries.results(uow, pull.id)
        assert known.answer_jws == "e30.e30.AA"

        uow.crypto.destroy(uow.session, DekKind.DATA, case.chain_id)

        (gone,) = queries.results(uow, pull.id)
        assert gone.answer_jws is None
        assert "e30.e30.AA" not in repr(known)
