"""The publisher of this installation's log: its keys, its guard, its witnesses."""

import os
import signal
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger.asking import Asker
from consent.ledger.errors import LedgerNotOpenError
from consent.ledger.guard import Guard
from consent.ledger.note import KeyKind, NoteSigner, VKey
from consent.ledger.publisher import Publisher
from consent.ledger.signatures import verifier_of
from yidaitong.jobs import witnesses
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.crypto.notelines import sm2_public
from yidaitong.runtime import Runtime

ORIGIN: Final = text("SELECT origin FROM ledger.state")


def publisher(runtime: Runtime, asker: Asker | None = None) -> Publisher:
    """A publisher with the keys as they are now.

    Raises:
        LedgerNotOpenError: ``init`` was not run.
    """
    settings = runtime.settings

    def after(done: str) -> None:
        if settings.fail_point == f"publisher.{done}":
            os.kill(os.getpid(), signal.SIGKILL)

    return Publisher(
        engine=runtime.ledger_engine,
        signers=(*signers(runtime), *sm2_signers(runtime)),
        guard=Guard(tuple(map(verifier_of, vkeys(runtime))), settings.ledger_head_file),
        asker=asker,
        after=after,
        notice=witnesses.tell,
    )


def signers(runtime: Runtime) -> tuple[NoteSigner, ...]:
    """Who signs heads now: the newest key first, then the one it takes over from.

    Raises:
        LedgerNotOpenError: ``init`` was not run.
    """
    overlap = timedelta(days=runtime.settings.ledger_key_overlap_days)
    with _open(runtime) as session:
        found = runtime.crypto.raw_signers(session, KeyUse.LOG, overlap)
    name = runtime.settings.ledger_origin
    return tuple(NoteSigner(name, public, sign) for public, sign in found)


def sm2_signers(runtime: Runtime) -> tuple[NoteSigner, ...]:
    """Who adds an SM2 line to heads; nobody unless the settings ask for one.

    Raises:
        LedgerNotOpenError: ``init`` was not run.
    """
    settings = runtime.settings
    if not settings.ledger_sm2_line:
        return ()
    overlap = timedelta(days=settings.ledger_key_overlap_days)
    with _open(runtime) as session:
        found = runtime.crypto.in_suite("sm").raw_signers(session, KeyUse.LOG, overlap)
    name = settings.ledger_origin
    return tuple(NoteSigner(name, sm2_public(point), sign, KeyKind.SM2) for point, sign in found)


def vkeys(runtime: Runtime) -> list[VKey]:
    """Every key the log ever had, newest first.

    Raises:
        LedgerNotOpenError: ``init`` was not run.
    """
    with _open(runtime) as session:
        found = runtime.crypto.public_keys(session, KeyUse.LOG)
    name = runtime.settings.ledger_origin
    return [VKey(name, KeyKind.ED25519, public) for public in found]


def policy_text(runtime: Runtime) -> str:
    """The policy checkers are given: keys in force, then the publishing policy's other lines.

    Raises:
        LedgerNotOpenError: the log is not open.
    """
    lines = [f"log {signer.vkey}" for signer in signers(runtime)]
    path = runtime.settings.ledger_policy_file
    others = ["quorum none"] if path is None else path.read_text(encoding="utf-8").split("\n")
    return "\n".join([*lines, *(line for line in others if _is_not_log(line))]) + "\n"


def _is_not_log(line: str) -> bool:
    return bool(line.strip()) and line.split(maxsplit=1)[0] != "log"


def _open(runtime: Runtime) -> Session:
    """A session on a log that was opened: this role makes no key."""
    session = Session(runtime.ledger_engine)
    if session.execute(ORIGIN).scalar_one_or_none() is None:
        session.close()
        raise LedgerNotOpenError("the log is not open")
    return session
