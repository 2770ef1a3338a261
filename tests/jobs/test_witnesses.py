"""Witnesses over HTTP: asked by the running log, and what their absence stops and does not."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from consent.errors import EvidenceUnavailableError
from consent.ledger import gauge
from consent.ledger.entries import submit
from consent.ledger.errors import LedgerForkError
from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.policy import read_policy
from consent.ledger.proofs import published_head
from consent.ledger.witness import write_request
from tests.consent.ledger.builders import a_leaf
from tests.jobs.test_ledger import PATIENCE_SECONDS, running, submitted, waited_for
from tests.packets.builders import a_story
from tests.pulls.builders import a_pull, revoke
from yidaitong.cli.main import cli
from yidaitong.cli.witness import make_app
from yidaitong.jobs import ledger, publishing
from yidaitong.kernel import evidence
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.runtime import Runtime


class Quiet(WSGIRequestHandler):
    def log_message(self, *_given: object) -> None:
        return


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "witness.key"
    words = ["witness", "init", "bank.example/w", "--key", str(path), "--post-quantum"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    (tmp_path / "vkeys").write_text(done.output, encoding="utf-8")
    return path


@contextmanager
def serving(runtime: Runtime, key: Path, port: int = 0) -> Iterator[int]:
    """The witness at work; its port."""
    log_policy = key.with_name("log.policy")
    log_policy.write_text(f"log {ledger.vkey(runtime)}\nquorum none\n", encoding="utf-8")
    app = make_app(key.with_name("state"), log_policy, key)
    with make_server("127.0.0.1", port, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def watched(runtime: Runtime, key: Path, port: int, quorum: str) -> None:
    vkeys = key.with_name("vkeys").read_text(encoding="utf-8").split()
    lines = [f"witness w{at} {one} http://127.0.0.1:{port}" for at, one in enumerate(vkeys)]
    policy = key.with_name("publishing.policy")
    log = f"log {ledger.vkey(runtime)}"
    policy.write_text("\n".join([log, *lines, f"quorum {quorum}", ""]), encoding="utf-8")
    runtime.settings = replace(runtime.settings, ledger_policy_file=policy)


def head(runtime: Runtime) -> tuple[int, str]:
    with runtime.transaction(SYSTEM) as uow:
        return published_head(uow.session) or (0, "")


class TestKeyFile:
    def test_is_private_and_never_overwritten(self, key: Path) -> None:
        assert key.stat().st_mode & 0o777 == 0o600
        words = ["witness", "init", "bank.example/w", "--key", str(key)]
        assert CliRunner().invoke(cli, words).exit_code == 1

    def test_a_bad_name_or_file_is_refused(self, tmp_path: Path) -> None:
        bad = tmp_path / "bad"
        done = CliRunner().invoke(cli, ["witness", "init", "a b", "--key", str(bad)])
        assert done.exit_code == 1
        assert not bad.exists()


@pytest.mark.faults
class TestServe:
    def test_the_command_serves_and_remembers_over_kills(
        self, runtime: Runtime, key: Path, tmp_path: Path
    ) -> None:
        ledger.step(runtime)
        log_policy = tmp_path / "log.policy"
        log_policy.write_text(f"log {ledger.vkey(runtime)}\nquorum none\n", encoding="utf-8")
        note = head(runtime)[1]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            for answer in (200, 409):
                with served(listener, "--policy", log_policy, "--key", key, "--state", tmp_path):
                    assert post(f"{address}/add-checkpoint", write_request(0, [], note)) == answer


@contextmanager
def served(listener: socket.socket, *words: str | Path) -> Iterator[None]:
    """The real command on an open socket, killed at the end."""
    number = listener.fileno()
    command = [sys.executable, "-m", "yidaitong.cli", "witness", "serve", "--fd", str(number)]
    process = subprocess.Popen(
        [*command, *map(str, words)], pass_fds=[number], start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def post(url: str, body: bytes) -> int:
    try:
        with urllib.request.urlopen(url, body, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


class TestRunning:
    def test_heads_carry_the_witnesses_lines(self, runtime: Runtime, key: Path) -> None:
        ledger.init(runtime)
        with serving(runtime, key) as port:
            watched(runtime, key, port, "w0")
            with running(runtime):
                submitted(runtime)
                waited_for(lambda: head(runtime)[0] == 2)
                waited_for(lambda: head(runtime)[1].count("— bank.example/w ") == 2)

        folder = key.with_name("export")
        export(runtime.ledger_engine, folder, now=wall())
        policy = read_policy(publishing.policy_text(runtime).encode())
        report = verify_folder(read_from(folder), policy)
        assert report.ok, report.as_json()
        assert report.witnesses == ["w0", "w1"]

    @pytest.mark.promise("R15")
    def test_away_it_holds_heads_back_and_recovers_by_itself(
        self, runtime: Runtime, key: Path
    ) -> None:
        ledger.init(runtime)
        with serving(runtime, key) as port:
            watched(runtime, key, port, "w0")
            with running(runtime):
                waited_for(lambda: head(runtime)[0] == 1)
        with running(runtime):
            submitted(runtime)
            waited_for(lambda: signed(runtime) == 2)
            assert head(runtime)[0] == 1
            with serving(runtime, key, port):
                waited_for(lambda: head(runtime)[0] == 2)

    @pytest.mark.promise("T4", "R12")
    def test_a_restored_database_is_found_out_by_the_witness(
        self, runtime: Runtime, key: Path
    ) -> None:
        """The head file is gone with the disk, so that only an outsider remembers."""
        ledger.init(runtime)
        submitted(runtime)
        with serving(runtime, key) as port:
            watched(runtime, key, port, "none")
            with running(runtime):
                waited_for(lambda: head(runtime)[1].count("— bank.example/w ") == 2)
            with ledger.owner(runtime) as uow:
                uow.session.execute(text(FORGET))
                uow.session.commit()
            runtime.settings.ledger_head_file.unlink()
            ledger.step(runtime)

            with pytest.raises(LedgerForkError, match="witness"):
                ledger.LedgerLoop(runtime).run(threading.Event())


FORGET = (
    "SET LOCAL session_replication_role = replica;"
    "DELETE FROM ledger.cosignature; DELETE FROM ledger.published; DELETE FROM ledger.checkpoint;"
    "DELETE FROM ledger.seq WHERE idx >= 1; DELETE FROM ledger.entry WHERE id > 1;"
    "UPDATE ledger.tile SET data = substr(data, 1, 32);"
    "UPDATE ledger.state SET size = 1, edge = substr(edge, 1, 32), root = substr(edge, 1, 32)"
)


def signed(runtime: Runtime) -> int:
    with runtime.transaction(SYSTEM) as uow:
        found = uow.session.execute(text("SELECT max(size) FROM ledger.checkpoint")).scalar_one()
    return int(found or 0)


def ready(runtime: Runtime) -> None:
    evidence._gauges.clear()
    with runtime.transaction(SYSTEM) as uow:
        evidence.evidence_ready(uow)


class TestAnchor:
    @pytest.mark.promise("R15")
    def test_too_old_a_time_stops_what_widens_until_a_witness_is_back(
        self, runtime: Runtime, key: Path
    ) -> None:
        ledger.init(runtime)
        with serving(runtime, key) as port:
            watched(runtime, key, port, "none")
            with running(runtime):
                waited_for(lambda: head(runtime)[1].count("— bank.example/w ") == 2)
            ready(runtime)
            runtime.settings = replace(runtime.settings, ledger_anchor_seconds=1)
            waited_for(lambda: anchor_age(runtime) > 1)
            with pytest.raises(EvidenceUnavailableError, match="witness"):
                ready(runtime)
            with runtime.transaction(SYSTEM) as uow:
                submit(uow.session, a_leaf())  # What stops is still recorded.
            runtime.settings = replace(runtime.settings, ledger_anchor_seconds=10)
            with running(runtime):  # It asks at its start, as it does each hour.
                waited_for(lambda: anchor_age(runtime) < 1.5)
                waited_for(lambda: head(runtime)[0] == 2)

        ready(runtime)

    def test_without_witnesses_there_is_no_rule(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        runtime.settings = replace(runtime.settings, ledger_anchor_seconds=1)
        with runtime.transaction(SYSTEM) as uow:
            assert gauge.read_backlog(uow.session).anchor_seconds is None
        ready(runtime)

    def test_before_any_told_the_time_the_first_head_did(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            assert gauge.read_backlog(uow.session, 9.0).anchor_seconds == 0.0
        ledger.step(runtime)
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(text("SELECT pg_sleep(0.01)"))
            assert (gauge.read_backlog(uow.session, 9.0).anchor_seconds or 0.0) > 0.0


class TestAway:
    @pytest.mark.promise("R15")
    def test_nothing_is_handed_over_revoking_works_and_it_recovers_by_itself(
        self, runtime: Runtime, key: Path
    ) -> None:
        story = a_story(runtime)
        packet_id = story.sealed()
        with serving(runtime, key) as port:
            watched(runtime, key, port, "none")
        for _ in range(2):
            hours_pass(runtime)
            with pytest.raises(EvidenceUnavailableError, match="witness"):
                story.fetch(packet_id)
            with serving(runtime, key, port), running(runtime):
                waited_for(lambda: anchor_age(runtime) < 60)
            evidence._gauges.clear()
            assert story.fetch(packet_id).jwe
        hours_pass(runtime)
        with pytest.raises(EvidenceUnavailableError):
            a_pull(runtime, story.case, "another")

        assert revoke(runtime, story.case).first


def hours_pass(runtime: Runtime) -> None:
    """As if all that is known had happened five hours ago."""
    with ledger.owner(runtime) as uow:
        uow.session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("checkpoint", "cosignature"):
            uow.session.execute(
                text(f"UPDATE ledger.{table} SET at = at - interval '5 hours'")  # noqa: S608
            )
        uow.session.commit()
    evidence._gauges.clear()


def anchor_age(runtime: Runtime) -> float:
    with runtime.transaction(SYSTEM) as uow:
        return gauge.read_backlog(uow.session, 9.0).anchor_seconds or 0.0


class TestClock:
    @pytest.mark.promise("R4", "I14")
    def test_a_clock_behind_the_newest_head_stops_what_widens(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        ready(runtime)
        for seconds, ok in ((4, True), (60, False), (4, True)):
            with ledger.owner(runtime) as uow:
                # As if the clock had been set back since the head was shown.
                uow.session.execute(text("SET LOCAL session_replication_role = replica"))
                uow.session.execute(
                    text(
                        "UPDATE ledger.published "
                        "SET at = clock_timestamp() + CAST(:seconds AS integer) * interval '1 s'"
                    ),
                    {"seconds": seconds},
                )
                uow.session.commit()
            if ok:
                ready(runtime)
            else:
                with pytest.raises(EvidenceUnavailableError, match="clock"):
                    ready(runtime)
                with runtime.transaction(SYSTEM) as uow:
                    submit(uow.session, a_leaf(t="2099-01-01T00:00:00.000Z"))
