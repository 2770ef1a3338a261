"""The change of the schema that brought signed messages, on a database that has none of it."""

from dataclasses import replace
from typing import Final

from sqlalchemy import create_engine, make_url, text

from tests.conftest import Server
from yidaitong.migrations import migrate

_BEFORE: Final = (
    "ALTER TABLE user_session DROP COLUMN client_id, DROP COLUMN msg_kid, DROP COLUMN scope",
    "ALTER TABLE user_session ALTER COLUMN account_id SET NOT NULL",
    "DROP TABLE api_client, message_nonce",
    "ALTER TABLE bank_key DROP CONSTRAINT ck_bank_key_keypurpose",
    "ALTER TABLE bank_key ADD CONSTRAINT ck_bank_key_keypurpose CHECK (use IN ('enc', 'ack'))",
    "UPDATE schema_version SET version_num = '0003'",
)


class TestSignedMessages:
    def test_an_older_database_gets_them(self, server: Server, database: str) -> None:
        url = make_url(replace(server, template=database).url).set(database=database)
        address = url.render_as_string(hide_password=False)
        engine = create_engine(address)
        with engine.begin() as connection:
            for statement in _BEFORE:
                connection.execute(text(statement))

        migrate.upgrade(address)

        assert migrate.differences(address) == []
        with engine.connect() as connection:
            for table in ("api_client", "message_nonce"):
                rights = text(f"SELECT has_table_privilege('ydt_app', '{table}', 'DELETE')")
                assert connection.execute(rights).scalar_one()
                shut = text(f"SELECT relforcerowsecurity FROM pg_class WHERE relname = '{table}'")  # noqa: S608 - our names
                assert connection.execute(shut).scalar_one()
            checks = text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE conname IN ('ck_bank_key_keypurpose', 'ck_user_session_holder')"
            )
            written = " ".join(connection.execute(checks).scalars())
            assert "'msg'" in written
            assert "client_id IS NULL" in written
        engine.dispose()
