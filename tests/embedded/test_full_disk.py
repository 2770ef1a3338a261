"""A database whose volume fills up: nothing is widened, revoking works, and all of it is kept."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from consent.errors import EvidenceUnavailableError
from consent.lifecycle import ConsentState
from consent.models import Chain
from tests.authorizations.builders import WITHOUT_PERSON, Firm, a_firm, ask, granted_pair, sign
from yidaitong.authorizations import stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.embedded import postgres
from yidaitong.jobs import ledger
from yidaitong.jobs.ticker import Ticker
from yidaitong.kernel import evidence, volume
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.settings import Settings
from yidaitong.migrations import migrate
from yidaitong.runtime import Runtime

pytestmark = [pytest.mark.faults, pytest.mark.promise("R10"), pytest.mark.timeout(120)]
MIB = 1 << 20
SIZE = 400


@contextmanager
def small_volume() -> Iterator[Path]:
    """A folder with a volume of its own that every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ydt-full-"))
    folder.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=0755", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    try:
        if mounted.returncode != 0:
            pytest.skip("only root may mount a small volume here")
        yield folder
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


@pytest.fixture
def full(base_settings: Settings, tmp_path: Path) -> Iterator[Runtime]:
    """An installation whose database lives on a small volume."""
    with small_volume() as folder:
        server = postgres.start(folder / "home")
        owner = server.owner_url
        settings = replace(
            base_settings,
            home=tmp_path,
            database_url=server.url_of("ydt_app"),
            owner_database_url=owner,
            ledger_database_url=server.url_of("ydt_ledger"),
            database_volume=server.room,
            ledger_head_file=tmp_path / "head",
        )
        migrate.ensure_database(owner)
        migrate.upgrade(owner)
        runtime = Runtime(settings)
        ledger.init(runtime)
        try:
            yield runtime
        finally:
            runtime.close()
            server.stop()


def room(runtime: Runtime) -> volume.Room:
    folder = runtime.settings.database_volume
    assert folder is not None
    return volume.room_in(folder)


def fill(runtime: Runtime, leave: int) -> Path:
    """A file that leaves so many bytes free."""
    folder = runtime.settings.database_volume
    assert folder is not None
    path = folder / "filler"
    had = path.stat().st_size if path.exists() else 0
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, had + room(runtime).free - leave)
    evidence._volumes.clear()
    return path


def granted(runtime: Runtime, firm: Firm) -> UUID:
    with runtime.transaction(firm.rep) as uow:
        asked = ask(uow, firm, WITHOUT_PERSON)
    with runtime.transaction(firm.rep) as uow:
        return sign(uow, firm, asked.request_id, asked.digest).chain_id


def revoke(runtime: Runtime, firm: Firm, chain_id: UUID) -> ConsentState:
    with runtime.transaction(firm.rep) as uow:
        stopping.revoke(uow, Revoke(chain_id=chain_id))
    with runtime.transaction(SYSTEM) as uow:
        return uow.session.get_one(Chain, chain_id).state


def test_stops_widening_lives_on_its_ballast_and_recovers(full: Runtime) -> None:
    with full.transaction(SYSTEM) as uow:
        firm = a_firm(uow)
    with full.transaction(SYSTEM) as uow:
        own, companion = granted_pair(uow, firm)
        uow.acting(SYSTEM)

    fill(full, leave=room(full).total * 4 // 100)
    with pytest.raises(EvidenceUnavailableError, match="volume"):
        granted(full, firm)
    assert revoke(full, firm, companion) is ConsentState.REVOKED

    filler = fill(full, leave=0)
    assert room(full).free == 0
    ticker = Ticker(full)
    ticker.step()  # It spends the ballast before it asks the database anything.
    assert room(full).spent
    assert room(full).free > 30 * MIB
    evidence._volumes.clear()
    with pytest.raises(EvidenceUnavailableError, match="ballast"):
        granted(full, firm)
    assert revoke(full, firm, own) is ConsentState.REVOKED
    ledger.step(full)

    filler.unlink()
    ticker.step()
    evidence._volumes.clear()
    assert not room(full).spent
    again = granted(full, firm)
    ledger.step(full)
    with full.transaction(SYSTEM) as uow:
        kept = uow.session.execute(
            text("SELECT type, count(*) FROM consent.event GROUP BY type")
        ).all()
        waiting = uow.session.execute(text("SELECT count(*) FROM ledger.pending")).scalar_one()
        assert uow.session.get_one(Chain, again).state is ConsentState.ACTIVE
    counts = {row[0]: row[1] for row in kept}
    assert (counts["consent.granted"], counts["consent.revoked"], waiting) == (3, 2, 0)
