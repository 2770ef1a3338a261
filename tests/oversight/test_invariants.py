"""Audit invariants: clean on a healthy installation, and each break is found by id."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.authorizations.builders import a_firm, granted_pair
from tests.pulls.builders import a_case
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.invariants.checks import look
from yidaitong.oversight.invariants.running import INVARIANTS, check_all
from yidaitong.pulls import dispatching
from yidaitong.pulls.authorising import authorise
from yidaitong.runtime import Runtime

BY_ID = {invariant.id: invariant for invariant in INVARIANTS}


def breaks(uow: UnitOfWork, invariant_id: str) -> int:
    return look(uow.acting(SYSTEM), BY_ID[invariant_id]).breaks


class TestCheckAll:
    def test_an_empty_installation_is_clean(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            found = check_all(uow)

        assert [finding.id for finding in found if not finding.ok] == []
        assert len(found) == len(BY_ID)

    def test_it_cannot_write(self, runtime: Runtime) -> None:
        def check_and_write() -> None:
            with runtime.transaction(SYSTEM) as uow:
                check_all(uow)
                uow.defer("anything.at_all")

        with pytest.raises(DBAPIError, match="read-only"):
            check_and_write()

    def test_consents_and_their_end_are_clean(self, uow: UnitOfWork) -> None:
        granted_pair(uow, a_firm(uow))

        assert {one: breaks(uow, one) for one in BY_ID} == dict.fromkeys(BY_ID, 0)


@pytest.fixture
def tampered(uow: UnitOfWork) -> Callable[[str, dict[str, object]], None]:
    """Rows written as only an intruder would; rolled back with the test."""

    def write(statement: str, values: dict[str, object]) -> None:
        uow.acting(SYSTEM).session.execute(text(statement), values)

    return write


class TestBreaks:
    @pytest.mark.promise("I8")
    def test_a_promise_nobody_heard_is_found(self, uow: UnitOfWork) -> None:
        uow.session.add(
            OutboxJob(id=uuid7(), name="x.y", args={}, not_before=uow.now.replace(year=2020))
        )
        uow.session.flush()

        assert breaks(uow, "I8") == 1

    @pytest.mark.promise("I8")
    def test_a_lease_nobody_took_over_is_found_unless_the_pull_is_held(
        self, uow: UnitOfWork
    ) -> None:
        case = a_case(uow)
        pull = authorise(uow.acting(case.banker), case.order())
        line = dispatching.open_lines(uow.acting(SYSTEM), pull.id)[0]
        assert dispatching.claim(uow, line) is not None
        uow.session.execute(
            text("UPDATE pull_line SET leased_until = leased_until - interval '1 hour'")
        )
        assert breaks(uow, "I8") == 1

        uow.session.execute(text("UPDATE pull SET held = 'PAUSED'"))
        assert breaks(uow, "I8") == 0

    @pytest.mark.promise("I1")
    def test_a_leaf_without_an_act_is_found(
        self, uow: UnitOfWork, tampered: Callable[[str, dict[str, object]], None]
    ) -> None:
        tampered(
            "INSERT INTO ledger.entry (key, body) VALUES (:key, :body)",
            {"key": uuid7().bytes * 2, "body": b'{"type":"consent.granted","n":1}'},
        )

        assert breaks(uow, "I1") == 1

    @pytest.mark.promise("I5")
    @pytest.mark.promise("I3")
    @pytest.mark.promise("I14")
    def test_a_release_after_the_end_is_found_in_the_leaves_alone(
        self, uow: UnitOfWork, tampered: Callable[[str, dict[str, object]], None]
    ) -> None:
        consent = str(uuid7())
        for kind, at in (
            ("consent.granted", "2026-03-05T08:30:22.000Z"),
            ("pull.line_sent", "2026-03-05T08:30:23.000Z"),
            ("consent.revoked", "2026-03-05T08:30:24.000Z"),
            ("pull.line_sent", "2026-03-05T08:30:25.000Z"),
            ("packet.issued", "2026-03-05T08:30:26.000Z"),
            ("packet.fetched", "2026-03-05T08:30:20.000Z"),
        ):
            body = f'{{"consent":"{consent}","t":"{at}","type":"{kind}"}}'
            tampered(
                "INSERT INTO ledger.entry (key, body) VALUES (:key, :body)",
                {"key": uuid7().bytes * 2, "body": body.encode()},
            )

        assert breaks(uow, "I3") == 1
        assert breaks(uow, "I5") == 2
        assert breaks(uow, "I14") == 1

    @pytest.mark.promise("I14")
    def test_a_fall_two_persons_cleared_is_no_break_and_a_later_one_is(
        self, runtime: Runtime
    ) -> None:
        ledger.init(runtime)
        consent = str(uuid7())

        def leaf(at: str) -> None:
            body = f'{{"consent":"{consent}","t":"2026-03-05T{at}.000Z","type":"consent.paused"}}'
            with runtime.engine.begin() as connection:
                connection.execute(
                    text(
                        "WITH e AS (INSERT INTO ledger.entry (key, body) VALUES (:key, :body) "
                        "RETURNING id) INSERT INTO ledger.pending (id) SELECT id FROM e"
                    ),
                    {"key": uuid7().bytes * 2, "body": body.encode()},
                )

        def falls() -> int:
            with runtime.transaction(SYSTEM) as uow:
                return look(uow, BY_ID["I14"]).breaks

        leaf("09:00:00")
        ledger.step(runtime)
        leaf("08:00:00")
        assert falls() == 1

        with runtime.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO ledger.clearing (order_id, size) "
                    "SELECT :id, max(size) FROM ledger.published"
                ),
                {"id": uuid7()},
            )
        assert falls() == 0

        leaf("07:00:00")
        assert falls() == 1

    @pytest.mark.promise("I2")
    def test_a_hash_that_is_not_its_entry_is_found(self, runtime: Runtime) -> None:
        with runtime.ledger_engine.begin() as connection:
            connection.execute(
                text("INSERT INTO ledger.seq (idx, id, h) SELECT 0, 1, :hash"), {"hash": b"x" * 32}
            )
        with runtime.engine.begin() as connection:
            connection.execute(
                text("INSERT INTO ledger.entry (key, body) VALUES (:key, '{}')"),
                {"key": b"k" * 32},
            )
        with runtime.transaction(SYSTEM) as uow:
            assert look(uow, BY_ID["I2"]).breaks >= 1
