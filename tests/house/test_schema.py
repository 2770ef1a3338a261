"""The database is what the models say."""

from dataclasses import replace

from sqlalchemy import create_engine, make_url, text

from tests.conftest import Server
from yidaitong.migrations import migrate, schema

_BEFORE_GATES = (
    "DROP TABLE ledger.clearing",
    "DROP INDEX ledger.ix_published_at",
    "DROP TABLE refusal_count",
    "ALTER TABLE consent_order DROP CONSTRAINT ck_consent_order_orderkind",
    "ALTER TABLE consent_order ADD CONSTRAINT ck_consent_order_orderkind CHECK (kind <> '')",
    "DROP TABLE kek",
    "DROP TABLE index_key",
    "DROP INDEX ix_dek_kek_ver",
    "ALTER TABLE signing_key DROP COLUMN statement, DROP COLUMN possession",
    "UPDATE schema_version SET version_num = '0001'",
)


def _owner_url(server: Server) -> str:
    return make_url(server.url).set(database=server.template).render_as_string(hide_password=False)


class TestSchema:
    def test_migrations_match_the_models(self, server: Server) -> None:
        assert migrate.differences(_owner_url(server)) == [], "a model changed: write a migration"

    def test_a_database_made_before_the_last_change_gets_it(
        self, server: Server, database: str
    ) -> None:
        url = _owner_url(replace(server, template=database))
        engine = create_engine(url)
        with engine.begin() as connection:
            for statement in _BEFORE_GATES:
                connection.execute(text(statement))

        migrate.upgrade(url)

        assert migrate.differences(url) == []
        with engine.connect() as connection:
            for table in ("ledger.clearing", "kek", "index_key"):
                rights = text("SELECT has_table_privilege('ydt_app', :table, 'INSERT')")
                assert connection.execute(rights, {"table": table}).scalar_one()
        engine.dispose()

    def test_tables_of_tenants_are_isolated(self) -> None:
        tenants = {"enterprise_id", "bank_id"}
        open_tables = [
            table.fullname
            for table in schema.tables()
            if tenants & set(table.columns.keys()) and schema.rls_of(table) is None
        ]

        assert open_tables == [], "declare info={'rls': Rls(...)}: another tenant's rows show"
