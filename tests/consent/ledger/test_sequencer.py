"""Indices: in order of submission, exactly once, whoever works and whatever fails."""

import random
import threading
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from consent.events import EventType
from consent.ledger import sequencer
from consent.ledger.entries import submit
from consent.ledger.errors import LedgerForkError, LedgerNotOpenError
from consent.ledger.leaves import parse_leaf
from tests.consent.ledger.builders import ORIGIN, a_leaf
from tests.consent.ledger.logs import Log
from yidaitong.kernel.ids import uuid7


class TestSubmit:
    def test_the_leaf_goes_with_the_callers_transaction(self, log: Log) -> None:
        with Session(log.app) as session:
            assert submit(session, a_leaf()).created
            session.rollback()

        assert log.sequence() == 0

    @pytest.mark.promise("I1")
    def test_a_repeat_is_no_second_leaf(self, log: Log) -> None:
        leaf = a_leaf()
        (first,) = log.submit(leaf)

        with Session(log.app) as session:
            again = submit(session, a_leaf(ref=leaf.ref))
            session.commit()

        assert (again.id, again.created) == (first, False)
        assert log.sequence() == 1
        assert log.check_whole() == 2


class TestSequence:
    def test_a_closed_log_gives_no_index(self, closed_log: Log) -> None:
        closed_log.submit(a_leaf())

        with pytest.raises(LedgerNotOpenError):
            closed_log.sequence()

    def test_opening_comes_first_whatever_was_submitted_before(self, closed_log: Log) -> None:
        closed_log.submit(a_leaf(), a_leaf())
        closed_log.open()
        closed_log.sequence()

        kinds = [parse_leaf(body).type for body in closed_log.bodies()]
        assert kinds == [EventType.LOG_OPENED, EventType.CONSENT_PAUSED, EventType.CONSENT_PAUSED]
        assert closed_log.check_whole() == 3

    def test_another_origin_is_refused(self, log: Log) -> None:
        assert log.sequence(origin=ORIGIN) == 0
        with pytest.raises(LedgerNotOpenError):
            log.sequence(origin="log.other.example")

    def test_batches_go_on_where_the_last_ended(self, log: Log) -> None:
        leaves = [a_leaf() for _ in range(600)]
        log.submit(*leaves)

        took = [log.sequence(limit=250) for _ in range(4)]

        assert took == [250, 250, 100, 0]
        assert log.bodies()[1:] == [leaf.body() for leaf in leaves]
        assert log.check_whole() == 601

    @pytest.mark.promise("I2")
    def test_a_damaged_state_row_stops_everything(self, log: Log) -> None:
        log.submit(a_leaf())
        log.damage("UPDATE ledger.state SET root = sha256('x')")

        with pytest.raises(LedgerForkError):
            log.sequence()

    def test_a_log_behind_a_known_head_stops(self, log: Log) -> None:
        with pytest.raises(LedgerForkError):
            log.sequence(at_least=2)

    def test_a_worker_behind_another_has_nothing_to_do(self, log: Log) -> None:
        log.submit(a_leaf())
        with log.ledger.begin() as connection:
            connection.execute(text("SELECT 1 FROM ledger.state FOR UPDATE"))

            assert log.sequence() == 0

        assert log.sequence() == 1

    @pytest.mark.faults
    @pytest.mark.promise("I1", "I2")
    def test_a_frozen_worker_loses_its_lock_and_its_work(
        self, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        patient = sequencer._SESSION
        log.submit(a_leaf())
        with log.ledger.connect() as frozen:
            monkeypatch.setattr(sequencer, "_SESSION", patient.replace("'5s'", "'100ms'"))
            sequencer.prepare(frozen)
            state = sequencer.locked_state(frozen)
            frozen.execute(sequencer._NEXT, {"size": state.size, "limit": 9})
            monkeypatch.setattr(sequencer, "_SESSION", patient)

            # Nothing was committed: the other worker gets the leaf when the server is tired of it.
            assert log.sequence() == 1
            with pytest.raises(DBAPIError):
                sequencer.integrate(frozen, state, [bytes(32)])

        assert log.check_whole() == 2

    def test_other_failures_of_the_database_are_told(self, log: Log) -> None:
        with pytest.raises(DBAPIError):
            log.sequence(limit=-1)

    def test_a_server_that_does_not_write_through_is_refused(
        self, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The server is shared: only the question is changed, as if its answer were no.
        monkeypatch.setattr("consent.ledger.sequencer._DURABLE", text("SELECT false"))

        with pytest.raises(LedgerForkError):
            log.sequence()


CHAINS = 4
WRITERS = 4
ACTS = 25
SEED = 20_260_305


def lock_key(chain: UUID) -> int:
    return chain.int & 0x7FFF_FFFF


def write(log: Log, chains: list[UUID], epochs: dict[UUID, int], dice: random.Random) -> None:
    """Acts as the machines do: lock, next epoch, leaf, commit; some die before the commit."""
    for _ in range(ACTS):
        chain = dice.choice(chains)
        with Session(log.app) as session:
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            session.execute(lock, {"key": lock_key(chain)})
            epoch = epochs[chain] + 1
            submit(session, a_leaf(ref=chain, consent=chain, n=epoch))
            if dice.random() < 0.2:
                session.rollback()
                continue
            epochs[chain] = epoch  # Still under the lock: it is given back by the commit.
            session.commit()


class TestOrder:
    @pytest.mark.promise("I1", "I2")
    def test_log_order_of_a_chain_is_its_lock_order(self, log: Log) -> None:
        chains = [uuid7() for _ in range(CHAINS)]
        epochs = dict.fromkeys(chains, 0)
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                log.sequence(limit=7)

        dice = [random.Random(SEED + at) for at in range(WRITERS)]  # noqa: S311 - fixed seeds
        writers = [threading.Thread(target=partial(write, log, chains, epochs, d)) for d in dice]
        workers = [threading.Thread(target=work) for _ in range(2)]
        for thread in (*workers, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        stop.set()
        for thread in workers:
            thread.join()
        while log.sequence():
            pass

        logged: dict[UUID, list[int]] = {chain: [] for chain in chains}
        for body in log.bodies()[1:]:
            leaf = parse_leaf(body)
            logged[leaf.ref].append(leaf.n)
        assert logged == {chain: list(range(1, epochs[chain] + 1)) for chain in chains}
        assert log.check_whole() == 1 + sum(epochs.values())
