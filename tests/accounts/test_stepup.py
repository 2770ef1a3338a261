"""A fresh proof of identity: for one act, in one session, once."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.accounts.builders import an_account, try_to_sign_in
from yidaitong.accounts import stepup
from yidaitong.accounts.models import StepUp
from yidaitong.kernel.actor import PUBLIC, SYSTEM, AuthLevel
from yidaitong.kernel.errors import InvalidRequestError, StepUpRequiredError
from yidaitong.kernel.uow import UnitOfWork

DIGEST = "kWFMgLAZTsdLWfZkN8_-cbYrN_FQK6W5RoPOUfIJE6E"


@pytest.fixture
def own(uow: UnitOfWork) -> UnitOfWork:
    an_account(uow)
    return uow.acting(try_to_sign_in(uow, "qilu.maker").actor)


class TestConsume:
    def test_it_raises_the_level_for_this_transaction(self, own: UnitOfWork) -> None:
        token = stepup.issue(own, DIGEST)

        assert stepup.consume(own, token, DIGEST).actor.auth_level is AuthLevel.STEP_UP

    @pytest.mark.promise("T26")
    @pytest.mark.promise("T8")
    def test_it_serves_once(self, own: UnitOfWork) -> None:
        token = stepup.issue(own, DIGEST)
        stepup.consume(own, token, DIGEST)

        with pytest.raises(StepUpRequiredError):
            stepup.consume(own, token, DIGEST)

    def test_it_serves_no_other_act(self, own: UnitOfWork) -> None:
        token = stepup.issue(own, DIGEST)

        with pytest.raises(StepUpRequiredError):
            stepup.consume(own, token, DIGEST.swapcase())

    def test_it_serves_no_other_session(self, own: UnitOfWork) -> None:
        token = stepup.issue(own, DIGEST)
        other = own.acting(try_to_sign_in(own, "qilu.maker").actor)

        with pytest.raises(StepUpRequiredError):
            stepup.consume(other, token, DIGEST)

    def test_it_grows_old(self, own: UnitOfWork) -> None:
        token = stepup.issue(own, DIGEST)
        own.session.flush()
        wide = own.acting(SYSTEM)
        wide.session.execute(update(StepUp).values(ends_at=wide.now - timedelta(seconds=1)))
        again = wide.acting(own.actor)

        with pytest.raises(StepUpRequiredError):
            stepup.consume(again, token, DIGEST)

    @pytest.mark.parametrize("token", ["", "guess", "x" * 5000, "\ud800"])
    def test_strange_tokens_are_refused(self, own: UnitOfWork, token: str) -> None:
        with pytest.raises(StepUpRequiredError):
            stepup.consume(own, token, DIGEST)


class TestIssue:
    @pytest.mark.parametrize("digest", ["", "x" * 129, "摘要"])
    def test_it_names_one_act(self, own: UnitOfWork, digest: str) -> None:
        with pytest.raises(InvalidRequestError):
            stepup.issue(own, digest)

    def test_it_needs_a_session(self, uow: UnitOfWork) -> None:
        with pytest.raises(StepUpRequiredError):
            stepup.issue(uow.acting(PUBLIC), DIGEST)
