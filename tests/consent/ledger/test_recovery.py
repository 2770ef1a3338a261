"""A restored backup refuses to go on, and the published files make the log whole again."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from consent.ledger.errors import LedgerForkError
from consent.ledger.export import export
from consent.ledger.folders import ReadFile, read_from, verify_folder
from consent.ledger.policy import policy_of
from consent.ledger.recovery import Recovered, adopt_head, recover
from tests.conftest import Server
from tests.consent.ledger.builders import a_leaf, a_signer, bodies, files_of, head_of
from tests.consent.ledger.logs import Log, url_of
from tests.consent.ledger.test_export import NOW


@pytest.fixture
def restored(log: Log, server: Server, tmp_path: Path) -> Iterator[Log]:
    """A backup of a log that went on: it has 300 of 603 leaves, one of the rest still waits.

    The files of the newest head are in ``tmp_path / "export"``.
    """
    waiting = a_leaf()
    log.submit(*(a_leaf() for _ in range(299)))
    log.sequence()
    log.publish()
    log.submit(waiting)
    source = log.one("SELECT current_database()")
    log.close()
    copy = server.create(source)
    log.submit(*(a_leaf() for _ in range(302)))
    log.sequence()
    log.publish()
    export(log.app, tmp_path / "export", now=NOW)
    made = Log(partial(url_of, server.url, copy), log.head_file)
    yield made
    made.close()
    server.drop(copy)


def repair(log: Log, folder: Path) -> Recovered:
    with log.engine("ydt_owner").begin() as connection:
        return recover(connection, log.guard(), read_from(folder))


class TestRecover:
    @pytest.mark.promise("T4", "I2")
    def test_an_old_copy_is_refused_then_restored_to_the_same_root(
        self, restored: Log, tmp_path: Path
    ) -> None:
        with pytest.raises(LedgerForkError):
            restored.publish()

        done = repair(restored, tmp_path / "export")

        assert (done.head.size, done.taken, len(done.orphans)) == (603, 303, 302)
        assert restored.check_whole() == 603
        again = repair(restored, tmp_path / "export")
        assert (again.taken, again.orphans) == (0, ())
        assert restored.publish() is None
        restored.submit(a_leaf())
        restored.sequence()
        assert restored.publish() == 604
        export(restored.app, tmp_path / "export", now=NOW)
        policy = policy_of(str(restored.signer.vkey))
        report = verify_folder(read_from(tmp_path / "export"), policy, done.head)
        assert report.ok, report.as_json()

    def test_acts_since_the_restart_come_behind(self, restored: Log, tmp_path: Path) -> None:
        late = a_leaf()
        restored.submit(late)

        repair(restored, tmp_path / "export")
        restored.sequence()

        assert restored.bodies()[-1] == late.body()
        assert restored.check_whole() == 604

    def test_wrong_files_are_refused_and_change_nothing(
        self, restored: Log, tmp_path: Path
    ) -> None:
        other = bodies(700)
        files = {
            "of another log": files_of(other, a_signer(seed=bytes(32))),
            "that end before the head file": files_of(restored.bodies(), restored.signer),
            "of another history": files_of(other, restored.signer),
        }
        for found in files.values():
            refused(restored, found.get)
        # Without a head file only the database itself says that they are another history.
        restored.head_file.unlink()
        refused(restored, files["of another history"].get)

        restored.damage(OTHER_BODY)
        assert "another body" in refused(restored, read_from(tmp_path / "export"))


OTHER_BODY = "UPDATE ledger.entry SET body = 'xx' WHERE id = (SELECT id FROM ledger.pending)"


def refused(log: Log, read: ReadFile) -> str:
    with pytest.raises(LedgerForkError) as refusal, log.engine("ydt_owner").begin() as connection:
        recover(connection, log.guard(), read)
    assert log.one("SELECT size FROM ledger.state") == 300
    return str(refusal.value)


class TestFiles:
    def test_files_behind_the_database_are_refused(self, log: Log, tmp_path: Path) -> None:
        log.publish()
        export(log.app, tmp_path, now=NOW)
        log.submit(a_leaf())
        log.sequence()

        with pytest.raises(LedgerForkError, match="before"):
            repair(log, tmp_path)


class TestAdoptHead:
    def test_a_lost_file_is_written_again(self, log: Log) -> None:
        log.publish()
        log.head_file.unlink()
        with log.ledger.begin() as connection:
            head = adopt_head(connection, log.guard())

        assert head == head_of(log.bodies())
        assert log.publish() is None

    def test_only_where_one_is_lost(self, log: Log) -> None:
        with log.ledger.begin() as connection, pytest.raises(LedgerForkError, match="signed"):
            adopt_head(connection, log.guard())
        log.publish()
        with log.ledger.begin() as connection, pytest.raises(LedgerForkError, match="there is"):
            adopt_head(connection, log.guard())
