"""The log's process: opens once, publishes within its time, stops at a fork, gates what widens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from consent.errors import EvidenceUnavailableError
from consent.events import EventType
from consent.evidence import open_event
from consent.ledger import gauge
from consent.ledger.entries import submit
from consent.ledger.errors import LedgerForkError, LedgerNotOpenError
from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.leaves import parse_leaf
from consent.ledger.policy import policy_of
from consent.ledger.proofs import ask_soon, proof_of, published_head
from consent.ledger.sequencer import BATCH
from consent.models import EventRow
from tests.consent.ledger.builders import a_leaf
from yidaitong.authorizations.desk import desk_of
from yidaitong.jobs import ledger
from yidaitong.kernel import evidence
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import monotonic, wall
from yidaitong.kernel.settings import with_role
from yidaitong.runtime import Runtime

PATIENCE_SECONDS = 20.0


def submitted(runtime: Runtime, count: int = 1) -> bytes:
    """Commit leaves as an act does; the key of the last."""
    with runtime.transaction(SYSTEM) as uow:
        for _ in range(count):
            leaf = a_leaf()
            submit(uow.session, leaf)
    return leaf.key


def proof(runtime: Runtime, key: bytes) -> str | None:
    with runtime.transaction(SYSTEM) as uow:
        return proof_of(uow.session, key)


def waited_for(found: Callable[[], object]) -> float:
    """Seconds until it is there."""
    begun = monotonic()
    gone = threading.Event()
    while not found():
        assert monotonic() - begun < PATIENCE_SECONDS
        gone.wait(0.005)
    return monotonic() - begun


@contextmanager
def running(runtime: Runtime) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=ledger.LedgerLoop(runtime).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class TestInit:
    def test_the_log_is_opened_once_by_a_sealed_event(self, runtime: Runtime) -> None:
        ledger.init(runtime)
        ledger.init(runtime)

        with runtime.transaction(SYSTEM) as uow:
            body = uow.session.execute(text("SELECT body FROM ledger.entry")).scalar_one()
            leaf = parse_leaf(bytes(body))
            row = uow.session.get_one(EventRow, leaf.id)
            assert leaf.type is EventType.LOG_OPENED
            assert leaf.consent is None
            assert row.evidence_id == leaf.ref
            event = open_event(desk_of(uow), row).event
            assert event["origin"] == runtime.settings.ledger_origin
            assert event["actor_id"] == "ledger.init"
            state = uow.session.execute(text("SELECT origin, size FROM ledger.state")).one()
            assert tuple(state) == (runtime.settings.ledger_origin, 1)

    def test_another_origin_is_refused(self, runtime: Runtime) -> None:
        ledger.init(runtime)
        runtime.settings = replace(runtime.settings, ledger_origin="log.other.example")

        with pytest.raises(LedgerNotOpenError):
            ledger.init(runtime)

    def test_openers_at_once_open_it_once(self, runtime: Runtime) -> None:
        threads = [threading.Thread(target=ledger.init, args=(runtime,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with runtime.transaction(SYSTEM) as uow:
            assert uow.session.execute(text("SELECT count(*) FROM ledger.entry")).scalar_one() == 1


class TestStep:
    def test_one_pass_proves_what_was_committed(self, runtime: Runtime) -> None:
        key = submitted(runtime, 3)

        assert ledger.step(runtime)
        assert proof(runtime, key) is not None
        assert not ledger.step(runtime)

    def test_what_it_publishes_verifies_with_its_key(
        self, runtime: Runtime, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        submitted(runtime, 300)
        ledger.step(runtime)
        folder = tmp_path_factory.mktemp("log")
        export(runtime.engine, folder, now=wall())

        report = verify_folder(read_from(folder), policy_of(ledger.vkey(runtime)))

        assert report.ok, report.as_json()
        assert report.size == 301


class TestLoop:
    def test_a_leaf_is_published_within_the_interval(self, runtime: Runtime) -> None:
        ledger.init(runtime)
        with running(runtime):
            key = submitted(runtime)
            waited_for(lambda: proof(runtime, key))
            key = submitted(runtime, BATCH + 1)
            waited_for(lambda: proof(runtime, key))

    def test_a_waiting_release_is_published_at_once(self, runtime: Runtime) -> None:
        """Far below the interval: the hint, not the clock, woke the publisher."""
        ledger.init(runtime)
        with running(runtime):
            submitted(runtime)
            waits = []
            for _ in range(5):
                key = submitted(runtime)
                with runtime.transaction(SYSTEM) as uow:
                    ask_soon(uow.session)
                waits.append(waited_for(lambda: proof(runtime, key)))  # noqa: B023 - at once

        assert min(waits) < ledger.PUBLISH_SECONDS / 2

    def test_one_login_that_switches_roles_is_enough(self, runtime: Runtime) -> None:
        owner = runtime.settings.owner_database_url
        runtime.settings = replace(
            runtime.settings,
            database_url=with_role(owner, "ydt_app"),
            ledger_database_url=with_role(owner, "ydt_ledger"),
        )
        ledger.init(runtime)
        with running(runtime):
            key = submitted(runtime)
            waited_for(lambda: proof(runtime, key))
        with runtime.transaction(SYSTEM) as uow, pytest.raises(ProgrammingError):
            uow.session.execute(text("DELETE FROM ledger.pending"))

    def test_a_closed_log_is_no_work(self, runtime: Runtime) -> None:
        with pytest.raises(LedgerNotOpenError):
            ledger.vkey(runtime)
        with pytest.raises(LedgerNotOpenError):
            ledger.LedgerLoop(runtime).run(threading.Event())

    @pytest.mark.promise("T4", "R15")
    def test_a_fork_ends_it(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        runtime.settings.ledger_head_file.write_text("rubbish", encoding="utf-8")
        submitted(runtime)

        with pytest.raises(LedgerForkError):
            ledger.LedgerLoop(runtime).run(threading.Event())
        with runtime.transaction(SYSTEM) as uow:
            assert (published_head(uow.session) or (0,))[0] == 1

    def test_a_fork_while_it_runs_ends_it(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        loop, ended = ledger.LedgerLoop(runtime), threading.Event()

        def run() -> None:
            with pytest.raises(LedgerForkError):
                loop.run(threading.Event())
            ended.set()

        thread = threading.Thread(target=run)
        thread.start()
        key = submitted(runtime)
        waited_for(lambda: proof(runtime, key))
        runtime.settings.ledger_head_file.write_text("rubbish", encoding="utf-8")

        thread.join(PATIENCE_SECONDS)
        assert ended.is_set()

    def test_a_lost_connection_is_waited_for(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ledger, "_BROKEN_SECONDS", 0.05)
        ledger.init(runtime)
        with running(runtime):
            key = submitted(runtime)
            waited_for(lambda: proof(runtime, key))
            cut_off(runtime)
            key = submitted(runtime)
            waited_for(lambda: proof(runtime, key))


def cut_off(runtime: Runtime) -> None:
    """End every connection of the log's role, as a fail-over does."""
    with ledger.owner(runtime) as uow:
        uow.session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = 'ydt_ledger' AND datname = current_database()"
            )
        )


class TestEvidenceReady:
    @pytest.mark.promise("R15")
    def test_an_old_leaf_without_index_stops_what_widens(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        with runtime.transaction(SYSTEM) as uow:
            desk_of(uow).evidence_ready()
            submit(uow.session, a_leaf())  # Its time is long ago.
        evidence._gauges.clear()

        with runtime.transaction(SYSTEM) as uow, pytest.raises(EvidenceUnavailableError):
            desk_of(uow).evidence_ready()
        ledger.step(runtime)
        evidence._gauges.clear()

        with runtime.transaction(SYSTEM) as uow:
            desk_of(uow).evidence_ready()

    @pytest.mark.promise("R15")
    def test_too_many_leaves_stop_it(self, runtime: Runtime) -> None:
        def fill(count: int) -> gauge.Backlog:
            with runtime.transaction(SYSTEM) as uow:
                uow.session.execute(
                    text("INSERT INTO ledger.pending SELECT generate_series(:n, 1, -1) + 100000"),
                    {"n": count},
                )
                found = gauge.read_backlog(uow.session)
                uow.session.rollback()
            return found

        assert fill(gauge.MAX_PENDING).ok
        assert not fill(gauge.MAX_PENDING + 1).ok
        assert fill(gauge.MAX_PENDING + 500).pending == gauge.MAX_PENDING + 1

    def test_it_asks_once_a_second(self, runtime: Runtime) -> None:
        now = [0.0]
        cached = gauge.Gauge(lambda: now[0])
        with runtime.transaction(SYSTEM) as uow:
            assert cached.read(uow.session).ok
            submit(uow.session, a_leaf())
            now[0] = 0.9
            assert cached.read(uow.session).pending == 0
            now[0] = 1.0
            assert cached.read(uow.session).pending == 1
