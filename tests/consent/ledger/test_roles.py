"""What each role may do with the log's tables, and what nobody may, its owner included."""

# ruff: noqa: S608 - the statements are put together from constants
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from tests.conftest import Server
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.logs import Log, url_of

TABLES = (
    "entry", "pending", "seq", "tile", "state", "checkpoint", "cosignature", "published",
    "clearing",
)  # fmt: skip
ROWS = {
    "entry": "(key, body) VALUES (sha256('x'), 'xx')",
    "pending": "(id) VALUES (999)",
    "seq": "(idx, id, h) VALUES (999, 999, sha256('x'))",
    "tile": "(lvl, n, data) VALUES (9, 0, sha256('x'))",
    "state": "(one, origin, size, root, edge) VALUES (true, 'x', 0, sha256('x'), '')",
    "checkpoint": "(size, root, note) VALUES (999, sha256('x'), 'x')",
    "cosignature": "(size, witness, line) VALUES (1, 'w', 'x')",
    "published": "(size) VALUES (1)",
    "clearing": "(order_id, size) VALUES (gen_random_uuid(), 1)",
}
COLUMNS = {
    "entry": "body = body",
    "pending": "id = id",
    "seq": "h = h",
    "tile": "n = n",
    "state": "origin = origin",
    "checkpoint": "note = note",
    "cosignature": "line = line",
    "published": "at = at",
    "clearing": "size = size",
}
MAY = {
    "ydt_app": {("INSERT", "entry"), ("INSERT", "pending"), ("INSERT", "clearing")},
    "ydt_ledger": {
        ("DELETE", "pending"),
        *(("INSERT", table) for table in ("seq", "tile", "checkpoint")),
        *(("INSERT", table) for table in ("cosignature", "published")),
    },
}


def statements() -> list[tuple[str, str, str]]:
    return [
        *(("INSERT", table, f"INSERT INTO ledger.{table} {ROWS[table]}") for table in TABLES),
        *(("UPDATE", table, f"UPDATE ledger.{table} SET {COLUMNS[table]}") for table in TABLES),
        *(("DELETE", table, f"DELETE FROM ledger.{table}") for table in TABLES),
        *(("TRUNCATE", table, f"TRUNCATE ledger.{table} CASCADE") for table in TABLES),
    ]


def refusal(log: Log, role: str, statement: str) -> str:
    """Why PostgreSQL refused; empty when it did not. Nothing is kept."""
    with log.engine(role).connect() as connection:
        try:
            connection.execute(text(statement))
        except DBAPIError as error:
            return str(error.orig)
        finally:
            connection.rollback()
    return ""


@pytest.fixture(scope="module")
def kept(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """A log with a row in every table but the cosignatures'; refused statements share it."""
    name = server.create(server.template)
    made = Log(partial(url_of, server.url, name), tmp_path_factory.mktemp("heads") / "head")
    made.open()
    made.submit(a_leaf())
    made.publish()
    yield made
    made.close()
    server.drop(name)


class TestRoles:
    @pytest.mark.parametrize("role", ["ydt_app", "ydt_ledger"])
    def test_a_role_does_only_what_its_process_needs(self, kept: Log, role: str) -> None:
        allowed = {
            (verb, table)
            for verb, table, statement in statements()
            if "permission denied" not in refusal(kept, role, statement)
        }

        assert allowed == MAY[role]

    @pytest.mark.parametrize("role", ["ydt_app", "ydt_ledger"])
    def test_a_role_reads_everything_and_makes_nothing(self, kept: Log, role: str) -> None:
        for table in TABLES:
            assert refusal(kept, role, f"SELECT * FROM ledger.{table}") == ""
        for statement in (
            "CREATE TABLE ledger.more (id int)",
            "DROP TABLE ledger.pending",
            "ALTER TABLE ledger.entry DISABLE TRIGGER ALL",
            "DROP TRIGGER kept ON ledger.entry",
            "SET session_replication_role = replica",
        ):
            told = refusal(kept, role, statement)
            assert told, statement

    def test_the_app_cannot_choose_its_place(self, kept: Log) -> None:
        told = refusal(
            kept,
            "ydt_app",
            "INSERT INTO ledger.entry (id, key, body) VALUES (1, sha256('y'), 'xx')",
        )

        assert "identity column" in told

    def test_the_ledger_reads_no_business_tables(self, kept: Log) -> None:
        for table in ("consent.event", "consent.chain", "public.outbox_job", "public.dek"):
            assert "permission denied" in refusal(kept, "ydt_ledger", f"SELECT * FROM {table}")
        assert refusal(kept, "ydt_ledger", "SELECT * FROM public.signing_key") == ""
        assert refusal(kept, "ydt_ledger", "UPDATE public.signing_key SET alg = alg")


class TestTriggers:
    @pytest.mark.promise("T4")
    @pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
    def test_the_owner_too_only_adds(self, kept: Log, verb: str) -> None:
        kept.as_owner("INSERT INTO ledger.cosignature (size, witness, line) VALUES (1, 'w', 'x')")
        kept.as_owner(f"INSERT INTO ledger.clearing {ROWS['clearing']}")
        growing = {"pending"} if verb != "UPDATE" else {"pending", "tile", "state"}
        for kind, table, statement in statements():
            if kind == verb and table not in growing:
                assert refusal(kept, "ydt_owner", statement), statement

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger.tile SET data = sha256('x')",
            "UPDATE ledger.tile SET n = n + 1",
            "UPDATE ledger.state SET size = size - 1",
            "UPDATE ledger.state SET origin = 'other'",
            "UPDATE ledger.state SET root = sha256('x')",
        ],
    )
    def test_tiles_and_state_only_grow(self, kept: Log, statement: str) -> None:
        told = refusal(kept, "ydt_owner", statement)

        assert "only grow" in told or "may only" in told

    def test_a_head_has_one_root(self, kept: Log) -> None:
        with pytest.raises(DBAPIError, match="duplicate key"):
            kept.as_owner(
                "INSERT INTO ledger.checkpoint (size, root, note) VALUES (1, sha256('x'), 'x')"
            )

    @pytest.mark.parametrize("body", ["x", "x" * 1024])
    def test_bodies_have_their_size(self, kept: Log, body: str) -> None:
        told = refusal(
            kept,
            "ydt_app",
            f"INSERT INTO ledger.entry (key, body) VALUES (sha256('z'), '{body}')",
        )

        assert "entry_body_check" in told


class TestLogin:
    def test_both_roles_are_no_superusers_and_bypass_nothing(self, kept: Log) -> None:
        rows = kept.rows(
            "SELECT rolname FROM pg_roles WHERE rolname IN ('ydt_app', 'ydt_ledger') AND NOT "
            "(rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)"
        )

        assert len(rows) == 2

    def test_the_owner_can_switch_to_each(self, kept: Log) -> None:
        for role in ("ydt_app", "ydt_ledger"):
            with kept.engine("ydt_owner").connect() as connection:
                connection.execute(text(f"SET ROLE {role}"))
                assert connection.execute(text("SELECT current_user")).scalar_one() == role
                with pytest.raises(ProgrammingError):
                    connection.execute(text("DELETE FROM ledger.entry"))
