"""The database is what the models say."""

from sqlalchemy import make_url

from tests.conftest import Server
from yidaitong.migrations import migrate, schema


def _owner_url(server: Server) -> str:
    return make_url(server.url).set(database=server.template).render_as_string(hide_password=False)


class TestSchema:
    def test_migrations_match_the_models(self, server: Server) -> None:
        assert migrate.differences(_owner_url(server)) == [], "a model changed: write a migration"

    def test_tables_of_tenants_are_isolated(self) -> None:
        tenants = {"enterprise_id", "bank_id"}
        open_tables = [
            table.fullname
            for table in schema.tables()
            if tenants & set(table.columns.keys()) and schema.rls_of(table) is None
        ]

        assert open_tables == [], "declare info={'rls': Rls(...)}: another tenant's rows show"
