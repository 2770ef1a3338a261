"""Heads: signed over what tiles give, durable before they are seen, repeatable at each step."""

from pathlib import Path

import pytest
from sqlalchemy import text

from consent.ledger.checkpoint import open_checkpoint
from consent.ledger.errors import LedgerForkError, LedgerNotOpenError, ProofError
from consent.ledger.proofs import proof_of, published_head
from consent.ledger.prooftext import read_proof
from consent.ledger.publisher import STEPS
from consent.ledger.signatures import verifier_of
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.logs import Log


class KilledError(BaseException):
    """Stands for ``kill -9``: nothing after it runs, its connection is gone."""


def heads(log: Log) -> list[int]:
    return [row.size for row in log.rows("SELECT size FROM ledger.published ORDER BY size")]


def file_size(log: Log) -> int | None:
    head = log.guard().head()
    return None if head is None else head.size


class TestPublish:
    def test_a_head_covers_the_log_and_verifies(self, log: Log) -> None:
        log.submit(a_leaf(), a_leaf())
        log.sequence()

        assert log.publish() == 3

        with log.app.connect() as connection:
            size, note = published_head(connection) or (0, "")
        head = open_checkpoint(note.encode(), [verifier_of(log.signer.vkey)])
        assert size == head.checkpoint.size == file_size(log) == 3
        assert log.head_file.read_text(encoding="utf-8") == note

    def test_without_growth_nothing_is_signed(self, log: Log) -> None:
        assert log.publish() == 1
        assert log.publish() is None
        assert heads(log) == [1]

    def test_another_publisher_at_work_is_left_alone(self, log: Log) -> None:
        with log.ledger.connect() as other:
            other.execute(text("SELECT pg_advisory_lock(7391, 9162)"))
            assert log.publish() is None
            other.rollback()
            other.execute(text("SELECT pg_advisory_unlock(7391, 9162)"))

        assert log.publish() == 1

    def test_a_leaf_is_proved_once_its_head_is_seen(self, log: Log) -> None:
        leaves = [a_leaf() for _ in range(300)]
        log.submit(*leaves)
        key = leaves[-1].key
        with log.app.connect() as connection:
            assert proof_of(connection, key) is None
            log.sequence()
            assert proof_of(connection, key) is None
            log.publish()
            told = proof_of(connection, key)
            assert told is not None
            assert read_proof(told).index == 300
            assert proof_of(connection, a_leaf().key) is None


@pytest.mark.faults
class TestKilled:
    @pytest.mark.promise("I2", "R15")
    @pytest.mark.parametrize("step", STEPS)
    def test_a_repeat_repairs_whatever_step_it_was_killed_after(self, log: Log, step: str) -> None:
        log.publish()
        log.submit(a_leaf())
        log.sequence()

        def die(done: str) -> None:
            if done == step:
                raise KilledError(step)

        with pytest.raises(KilledError):
            log.publisher(die).publish()
        # Nobody sees a head that the head file does not have.
        assert max(heads(log)) <= (file_size(log) or 0)
        log.submit(a_leaf())
        log.sequence()

        assert log.publish() == 3
        assert log.publish() is None
        assert log.check_whole() == 3
        assert file_size(log) == max(heads(log)) == 3

    @pytest.mark.parametrize("step", STEPS[2:])
    def test_the_repeat_signs_the_same_bytes(self, log: Log, step: str) -> None:
        def die(done: str) -> None:
            if done == step:
                raise KilledError(step)

        with pytest.raises(KilledError):
            log.publisher(die).publish()
        signed = log.one("SELECT note FROM ledger.checkpoint WHERE size = 1")
        log.publish()

        assert log.head_file.read_text(encoding="utf-8") == signed
        assert heads(log) == [1]


ROLL_BACK = (
    "DELETE FROM ledger.published WHERE size > 1; DELETE FROM ledger.checkpoint WHERE size > 1; "
    "DELETE FROM ledger.seq WHERE idx >= 1; "
    "UPDATE ledger.tile SET data = substr(data, 1, 32); "
    "UPDATE ledger.state SET size = 1, edge = substr(edge, 1, 32), root = substr(edge, 1, 32)"
)


@pytest.fixture
def grown(log: Log) -> Log:
    """A log with two heads seen, at sizes 1 and 3."""
    log.publish()
    log.submit(a_leaf(), a_leaf())
    log.sequence()
    log.publish()
    return log


class TestGuard:
    def test_a_closed_log_has_no_head(self, closed_log: Log) -> None:
        with pytest.raises(LedgerNotOpenError):
            closed_log.publish()

    def test_the_verifier_has_the_last_word(
        self, grown: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_given: object) -> None:
            raise ProofError("as if the log did not continue")

        monkeypatch.setattr("consent.ledger.publisher.verify_consistency", refuse)
        grown.submit(a_leaf())
        grown.sequence()

        with pytest.raises(LedgerForkError, match="does not continue"):
            grown.publish()

    @pytest.mark.promise("T4", "R15")
    def test_a_database_older_than_the_head_file_is_refused(self, grown: Log) -> None:
        grown.damage(ROLL_BACK)
        grown.submit(a_leaf())

        with pytest.raises(LedgerForkError, match="rolled back"):
            grown.publish()
        head = grown.guard().head()
        assert head is not None
        with pytest.raises(LedgerForkError):
            grown.sequence(at_least=head.size)
        assert heads(grown) == [1]

    def test_a_rolled_back_log_that_grew_again_is_refused(self, grown: Log) -> None:
        grown.damage(ROLL_BACK)
        grown.damage("DELETE FROM ledger.entry WHERE id > 1; DELETE FROM ledger.pending")
        grown.submit(*(a_leaf() for _ in range(4)))
        grown.sequence()

        with pytest.raises(LedgerForkError, match="head file"):
            grown.publish()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger.tile SET data = sha256('x') || substr(data, 33)",
            "UPDATE ledger.tile SET data = substr(data, 1, 32)",
            "DELETE FROM ledger.tile",
        ],
    )
    def test_damaged_tiles_are_never_signed(self, grown: Log, statement: str) -> None:
        grown.damage(statement)
        with pytest.raises(LedgerForkError):
            grown.publish()
        assert heads(grown) == [1, 3]

    def test_a_head_of_a_longer_log_is_refused(self, grown: Log) -> None:
        grown.damage("INSERT INTO ledger.checkpoint (size, root, note) VALUES (9, sha256(''), '')")

        with pytest.raises(LedgerForkError, match="ahead"):
            grown.publish()

    def test_a_lost_head_file_is_refused(self, grown: Log) -> None:
        grown.head_file.unlink()

        with pytest.raises(LedgerForkError, match="gone"):
            grown.publish()

    def test_a_head_nobody_saw_needs_no_file(self, log: Log) -> None:
        """The crash between signing and writing, before the first head."""

        def die(done: str) -> None:
            if done == "checkpoint":
                raise KilledError(done)

        with pytest.raises(KilledError):
            log.publisher(die).publish()
        assert not log.head_file.exists()

        assert log.publish() == 1

    @pytest.mark.parametrize("text_", ["", "rubbish", "log\n1\nAAAA\n\n— log AAAA\n"])
    def test_a_file_not_signed_by_us_is_refused(self, grown: Log, text_: str) -> None:
        grown.head_file.write_text(text_, encoding="utf-8")

        with pytest.raises(LedgerForkError, match="signed by our key"):
            grown.publish()

    def test_a_signed_head_behind_is_caught_up_with(self, grown: Log, tmp_path: Path) -> None:
        note = grown.one("SELECT note FROM ledger.checkpoint WHERE size = 1")
        grown.head_file.write_text(note, encoding="utf-8")

        assert grown.publish() is None
        assert file_size(grown) == 3
