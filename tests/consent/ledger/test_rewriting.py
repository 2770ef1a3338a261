"""A superuser with the real key rewrites the tables: the guards see it, and so do keepers."""

from pathlib import Path

import pytest
from sqlalchemy import text

from consent.ledger.errors import LedgerForkError
from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.leaves import parse_leaf
from consent.ledger.policy import policy_of
from tests.consent.ledger.builders import ORIGIN, a_leaf, head_of
from tests.consent.ledger.logs import Log
from tests.consent.ledger.test_export import NOW

TABLES = "entry, pending, seq, tile, state, checkpoint, cosignature, published"


def rewrite(log: Log, bodies: list[bytes]) -> None:
    """All tables anew with other leaves, guards switched off."""
    with log.engine("ydt_owner").begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in TABLES.split(", "):
            connection.execute(text(f"DELETE FROM ledger.{table}"))  # noqa: S608 - constants
        connection.execute(
            text(
                "INSERT INTO ledger.state (origin, size, root, edge) "
                "VALUES (:origin, 0, sha256(''), '')"
            ),
            {"origin": ORIGIN},
        )
    log.submit(*(parse_leaf(body) for body in bodies))
    log.sequence()


class TestRewriting:
    @pytest.mark.promise("T4")
    def test_the_publisher_refuses_it_and_keepers_of_heads_see_it(
        self, log: Log, tmp_path: Path
    ) -> None:
        log.submit(*(a_leaf() for _ in range(20)))
        log.sequence()
        log.publish()
        honest = log.bodies()
        forged = [*honest[:7], a_leaf().body(), *honest[8:], a_leaf().body()]

        rewrite(log, forged)

        with pytest.raises(LedgerForkError, match="head file"):
            log.publish()
        # The operator goes on: he removes the head file too, and signs with the log's own key.
        log.head_file.unlink()
        assert log.publish() == 22
        export(log.app, tmp_path, now=NOW)
        policy = policy_of(str(log.signer.vkey))
        for size in (8, 20, 21):
            seen = verify_folder(read_from(tmp_path), policy, head_of(honest[:size]))
            assert seen.code == "proof.consistency"
        assert verify_folder(read_from(tmp_path), policy, head_of(honest[:7])).ok
