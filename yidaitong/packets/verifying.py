"""The packet verifier on files: what ``packet verify`` does, with its exit codes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consent.ledger.errors import LedgerError
from consent.ledger.policy import policy_of, read_policy
from yidaitong.kernel.crypto.errors import JoseError, SuiteUnavailableError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey
from yidaitong.kernel.strictjson import StrictJsonError, parse_object
from yidaitong.packets.verify import Report, Trust, verify

VERIFIED: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
CANNOT_DECIDE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of the command line; one of ``policy`` and ``vkey`` is given.

    ``audience`` defaults to the ``ydt_owner`` of the key.
    """

    packet: Path
    key: Path
    keys: Path
    policy: Path | None = None
    vkey: Path | None = None
    audience: str | None = None
    expect_pull: str | None = None
    seen: Path | None = None
    out: Path | None = None


def verify_files(files: Files) -> tuple[Report, int]:
    """Check a packet in a file; the report and the exit code.

    The plaintext is written to ``out``, and the packet's id added to ``seen``, after success only.
    """
    try:
        text = files.packet.read_text(encoding="utf-8").strip()
        seen = _seen(files.seen)
    except (OSError, UnicodeDecodeError) as error:
        return _undecided(f"file: {type(error).__name__}"), USAGE
    try:
        trust = _trust(files, seen)
    except (OSError, LookupError, JoseError, LedgerError, StrictJsonError) as error:
        return _undecided(f"keys or policy: {type(error).__name__}"), CANNOT_DECIDE
    try:
        report = verify(text, trust)
    except SuiteUnavailableError as error:
        return _undecided(str(error)), CANNOT_DECIDE
    if report.packet is None:
        return report, REFUSED
    if files.out is not None:
        files.out.write_bytes(report.packet.plaintext)
    if files.seen is not None:
        with files.seen.open("a", encoding="utf-8") as known:
            known.write(f"{report.packet_id}\n")
    return report, VERIFIED


def _seen(path: Path | None) -> frozenset[str]:
    if path is None or not path.exists():
        return frozenset()
    return frozenset(path.read_text(encoding="utf-8").split())


def _trust(files: Files, seen: frozenset[str]) -> Trust:
    jwk = parse_object(files.key.read_bytes(), max_bytes=1 << 16)
    audience = files.audience or jwk.get("ydt_owner")
    if audience is None:
        raise LookupError("the key does not say whose it is")
    if files.policy is not None:
        policy = read_policy(files.policy.read_bytes())
    elif files.vkey is not None:
        policy = policy_of(files.vkey.read_text(encoding="utf-8").strip())
    else:
        raise LookupError("neither a policy nor a verifier key")
    return Trust(
        key=PrivateKey.read(jwk, use="enc"),
        audience=str(audience),
        keys=KeySet.read(files.keys.read_bytes()),
        policy=policy,
        expect_pull=files.expect_pull,
        seen=seen,
    )


def _undecided(detail: str) -> Report:
    return Report(checks=[{"name": "input", "ok": False, "detail": detail}])
