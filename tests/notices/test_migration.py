"""An installation from before notices gets their tables, guards and signing key."""

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.migrations import migrate
from yidaitong.runtime import Runtime

NEW = ("notice", "notice_receiver", "callback_endpoint")


def test_an_older_database_becomes_what_the_models_say(runtime: Runtime) -> None:
    owner = runtime.settings.owner_database_url
    engine = create_engine(owner)
    with engine.begin() as connection:
        for table in NEW:
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("ALTER TABLE signing_key DROP CONSTRAINT ck_signing_key_keyuse"))
        connection.execute(
            text(
                "ALTER TABLE signing_key ADD CONSTRAINT ck_signing_key_keyuse"
                " CHECK (use IN ('log', 'packet', 'artefact', 'receipt', 'ticket'))"
            )
        )
        connection.execute(text("UPDATE schema_version SET version_num = '0001'"))
    assert migrate.differences(owner) != []

    migrate.upgrade(owner)

    assert migrate.differences(owner) == []
    assert set(NEW) <= set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        secured = connection.execute(
            text(
                "SELECT count(*) FROM pg_class WHERE relname = ANY(:names) AND relforcerowsecurity"
            ),
            {"names": list(NEW)},
        ).scalar_one()
    engine.dispose()
    assert secured == len(NEW)
    with runtime.transaction(SYSTEM) as uow:
        assert uow.crypto.kid(uow.session, KeyUse.NOTICE)
    with runtime.transaction(SYSTEM) as uow, pytest.raises(ProgrammingError):
        uow.session.execute(text("DROP TABLE notice"))
