"""Every table of the installation, found by folder, and the statements that guard them."""

import importlib
import pkgutil
from collections.abc import Iterator

from sqlalchemy import MetaData, Table

import consent
import yidaitong
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls, policy_sql

APP_ROLE = "ydt_app"
LEDGER_ROLE = "ydt_ledger"


def load_models() -> None:
    """Import every ``models`` module, so that its tables are known."""
    for package in (yidaitong, consent):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            last = module.name.rsplit(".", 1)[-1]
            if last in {"models", "outbox"} and ".jobs" not in module.name:
                importlib.import_module(module.name)


def metadatas() -> list[MetaData]:
    """The platform's tables and the consent package's."""
    load_models()
    models = importlib.import_module("consent.models")
    return [Base.metadata, models.Base.metadata]


def tables() -> Iterator[Table]:
    """All tables, parents first."""
    for metadata in metadatas():
        yield from metadata.sorted_tables


def rls_of(table: Table) -> Rls | None:
    """Row security of a table; the consent package declares it as a plain mapping."""
    declared = table.info.get("rls")
    if isinstance(declared, dict):
        return Rls(**declared)
    return declared if isinstance(declared, Rls) else None


def guard_sql(table: Table) -> list[str]:
    """Grants and row security of one table. Evidence can be added and read, never changed."""
    name = table.fullname
    rights = "SELECT, INSERT" if table.info.get("append_only") else "SELECT, INSERT, UPDATE, DELETE"
    statements = [f"GRANT {rights} ON {name} TO {APP_ROLE}"]
    if table.info.get("ledger_reads"):
        statements.append(f"GRANT SELECT ON {name} TO {LEDGER_ROLE}")
    if table.info.get("append_only"):
        statements += [
            (
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {name} "
                "FOR EACH ROW EXECUTE FUNCTION public.refuse_change()"
            ),
            (
                f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()"
            ),
        ]
    rls = rls_of(table)
    if rls is not None:
        statements += policy_sql(name, rls)
    return statements


REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are evidence: they are never changed or deleted', TG_TABLE_NAME;
END $$
"""
