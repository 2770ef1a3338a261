"""Create roles and bring a database to the newest schema."""

from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, make_url, text

from consent.ledger import schema as ledger_schema
from yidaitong.migrations.schema import metadatas

# Any two numbers, the same for ever: two migrators at once take turns.
_LOCK = (7391, 2018)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def ensure_database(owner_url: str) -> None:
    """Create the database of ``owner_url`` when it is missing."""
    url = make_url(owner_url)
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            exists = connection.execute(
                text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": url.database}
            ).scalar()
            if exists is None:
                connection.execute(text(f'CREATE DATABASE "{url.database}"'))
    finally:
        engine.dispose()


def upgrade(owner_url: str) -> None:
    """Roles, then all migrations, as the owner, one migrator at a time."""
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            connection.execute(
                text("SELECT pg_advisory_lock(:a, :b)"), dict(zip("ab", _LOCK, strict=True))
            )
            connection.commit()
            for statement in ledger_schema.role_statements():
                connection.execute(text(statement))
            connection.commit()
            command.upgrade(_config(connection), "head")
            connection.commit()
            connection.execute(
                text("SELECT pg_advisory_unlock(:a, :b)"), dict(zip("ab", _LOCK, strict=True))
            )
            connection.commit()
    finally:
        engine.dispose()


def _has_models(name: str | None, kind: str, _parents: Mapping[str, str | None]) -> bool:
    # The ledger's tables are plain statements: triggers and grants have no metadata.
    return not (kind == "schema" and name == ledger_schema.SCHEMA)


def differences(owner_url: str) -> list[object]:
    """What the models say and the database does not; empty when they agree."""
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "include_schemas": True,
                    "include_name": _has_models,
                    "compare_type": True,
                    "version_table": "schema_version",
                },
            )
            # Alembic takes several; its stubs know one.
            return list(compare_metadata(context, metadatas()))  # type: ignore[arg-type]
    finally:
        engine.dispose()
