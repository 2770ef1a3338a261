"""Signing in: one answer for every refusal, counted tries, sessions that really end."""

import statistics
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.accounts.builders import PASSWORD, an_account, seen, try_to_sign_in
from yidaitong.accounts import login, passwords, sessions
from yidaitong.accounts.commands import Challenge, Credentials, PasswordChange
from yidaitong.accounts.errors import LoginTakenError, WrongCredentialsError
from yidaitong.accounts.models import Account, SessionKind, UserSession
from yidaitong.audit.models import AuditEvent
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.errors import (
    InvalidRequestError,
    NotFoundError,
    TooManyRequestsError,
    UnauthorisedError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork


class TestSignIn:
    def test_the_right_password_opens_a_session(self, uow: UnitOfWork) -> None:
        account = an_account(uow)

        opened = try_to_sign_in(uow, "qilu.maker")

        assert opened.actor.account_id == account.id
        assert opened.actor.may("application.recommend")
        assert seen(uow, opened)

    def test_the_name_may_be_written_wide_or_large(self, uow: UnitOfWork) -> None:
        an_account(uow)

        assert seen(uow, try_to_sign_in(uow, " ＱＩＬＵ.maker "))

    @pytest.mark.promise("T17")
    def test_unknown_disabled_and_wrong_look_the_same(self, uow: UnitOfWork) -> None:
        an_account(uow)
        closed = an_account(uow, "gone.person", serial=2)
        login.disable(uow.acting(SYSTEM), closed)
        uow.session.flush()

        told = set()
        for name, password in (
            ("nobody.here", PASSWORD),
            ("gone.person", PASSWORD),
            ("qilu.maker", "wrong horse battery"),
            ("qilu.maker", ""),
            ("qilu.maker", "x" * 5000),
            ("qilu.maker", "\ud800 lone surrogate"),
            ("\ud800", PASSWORD),
            ("", PASSWORD),
        ):
            with pytest.raises(WrongCredentialsError) as refused:
                try_to_sign_in(uow, name, password)
            told.add((refused.value.code, str(refused.value), refused.value.text.zh))

        assert len(told) == 1

    @pytest.mark.promise("T17")
    def test_nobody_costs_a_hash_like_somebody(self, uow: UnitOfWork) -> None:
        an_account(uow)
        memory = 4096
        stored = passwords.hash_password(PASSWORD, memory)
        challenges = {
            "somebody": Challenge(uuid7(), stored, ()),
            "nobody": Challenge(None, passwords.dummy_hash(memory), ()),
        }
        spent: dict[str, list[float]] = {"somebody": [], "nobody": []}
        for _ in range(30):
            for who, challenge in challenges.items():
                start = time.thread_time()
                assert login.compare(challenge, "wrong horse", memory) is None
                spent[who].append(time.thread_time() - start)

        medians = [statistics.median(spent[who]) for who in ("somebody", "nobody")]
        assert abs(medians[0] - medians[1]) < 0.25 * max(medians)

    @pytest.mark.promise("T18")
    def test_a_name_runs_out_of_tries_and_others_do_not(self, uow: UnitOfWork) -> None:
        an_account(uow)
        an_account(uow, "qilu.other", serial=2)
        for _ in range(uow.settings.login_failures_per_quarter):
            with pytest.raises(WrongCredentialsError):
                try_to_sign_in(uow, "qilu.maker", "wrong horse battery")

        with pytest.raises(TooManyRequestsError) as refused:
            try_to_sign_in(uow, "qilu.maker")

        assert 0 < refused.value.details["retry_after"] <= 901
        assert seen(uow, try_to_sign_in(uow, "qilu.other"))

    def test_right_passwords_use_up_no_tries(self, uow: UnitOfWork) -> None:
        an_account(uow)

        for _ in range(uow.settings.login_failures_per_quarter + 3):
            try_to_sign_in(uow, "qilu.maker")

    @pytest.mark.promise("T18")
    def test_an_over_long_password_is_never_hashed(self, uow: UnitOfWork) -> None:
        stored = passwords.hash_password(PASSWORD, 1024)
        start = time.thread_time()

        assert not passwords.matches(stored, "x" * 10_000_000, 65_536)
        assert time.thread_time() - start < 0.2


class TestSessions:
    @pytest.mark.promise("T8")
    def test_a_cookie_is_no_bearer_token(self, uow: UnitOfWork) -> None:
        an_account(uow)
        opened = try_to_sign_in(uow, "qilu.maker")

        assert not seen(uow, opened, SessionKind.BEARER)
        assert sessions.visitor_of(uow, "guess", SessionKind.COOKIE) is None

    @pytest.mark.promise("T8")
    @pytest.mark.parametrize(
        "ending", ["revoke", "others", "disable", "roles", "password", "idle", "age"]
    )
    def test_each_ending_ends_it(self, uow: UnitOfWork, ending: str) -> None:
        account = an_account(uow)
        opened = try_to_sign_in(uow, "qilu.maker")
        later = try_to_sign_in(uow, "qilu.maker")
        own = uow.acting(later.actor)
        past = uow.now - timedelta(seconds=1)
        match ending:
            case "revoke":
                sessions.revoke(uow.acting(opened.actor), opened.actor.session_id or uuid7())
            case "others":
                sessions.revoke_others(own)
            case "disable":
                login.disable(uow.acting(SYSTEM), account)
            case "roles":
                login.change_roles(uow.acting(SYSTEM), account, frozenset({"bank_checker"}))
            case "password":
                change = PasswordChange(current=PASSWORD, new="another horse battery")
                login.change_password(own, login.own_account(own), change)
            case "idle":
                _age(uow, opened.actor.session_id, idle_ends_at=past)
            case "age":
                _age(uow, opened.actor.session_id, ends_at=past)
        uow.session.flush()

        assert not seen(uow, opened)

    def test_somebody_elses_session_is_not_found(self, uow: UnitOfWork) -> None:
        an_account(uow)
        an_account(uow, "qilu.other", serial=2)
        mine, other = try_to_sign_in(uow, "qilu.maker"), try_to_sign_in(uow, "qilu.other")

        with pytest.raises(NotFoundError):
            sessions.revoke(uow.acting(other.actor), mine.actor.session_id or uuid7())

    def test_only_its_hash_is_kept(self, uow: UnitOfWork) -> None:
        an_account(uow)
        opened = try_to_sign_in(uow, "qilu.maker")

        row = uow.acting(SYSTEM).session.scalars(select(UserSession)).one()

        assert row.token_sha256 == sessions.token_hash(opened.token)
        assert opened.token not in repr(row)


def _age(uow: UnitOfWork, session_id: object, **values: object) -> None:
    uow.acting(SYSTEM).session.execute(
        update(UserSession).where(UserSession.id == session_id).values(**values)
    )


class TestAccounts:
    def test_a_login_name_is_taken_once(self, uow: UnitOfWork) -> None:
        an_account(uow)

        with pytest.raises(LoginTakenError):
            an_account(uow, "Qilu.Maker", serial=2)

    @pytest.mark.promise("T2")
    def test_one_id_number_is_one_person_in_two_accounts(self, uow: UnitOfWork) -> None:
        first = an_account(uow)
        second = an_account(uow, "qilu.second", roles=("bank_checker",))

        assert first.id != second.id
        assert first.person_id == second.person_id

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"roles": ()}, "roles"),
            ({"roles": ("ent_rep",)}, "roles"),
            ({"roles": ("king",)}, "roles"),
            ({"name": "a b"}, "login"),
            ({"name": "x"}, "login"),
        ],
    )
    def test_what_cannot_be_used_is_refused_by_field(
        self, uow: UnitOfWork, changes: dict[str, object], field: str
    ) -> None:
        with pytest.raises(InvalidRequestError) as refused:
            an_account(uow, **changes)  # type: ignore[arg-type]

        assert field in refused.value.fields

    @pytest.mark.promise("T21")
    def test_nothing_personal_stands_in_clear(self, uow: UnitOfWork) -> None:
        account = an_account(uow, "13805310000")

        assert account.login_hint == "138****0000"
        row = uow.session.scalars(select(Account).where(Account.id == account.id)).one()
        assert "13805310000" not in repr(row)
        trail = uow.acting(SYSTEM).session.scalars(select(AuditEvent)).all()
        assert all("李晓燕" not in repr(event) for event in trail)

    def test_nobody_signed_in_has_no_account(self, uow: UnitOfWork) -> None:
        with pytest.raises(UnauthorisedError):
            login.own_account(uow.acting(PUBLIC))

    def test_tries_are_counted_by_blind_index(self, uow: UnitOfWork) -> None:
        challenge = login.begin(
            uow.acting(PUBLIC),
            Credentials(login="13805310000", password="x", address="192.0.2.7"),
        )

        assert all(len(key) == 16 for key in challenge.keys)
