"""Private keys of the made-up banks: one opens packets, one signs receipts, one signs calls."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import PrivateKey, generate, public_of

_CURVES: Final = {"enc": "X25519", "ack": "Ed25519", "msg": "Ed25519"}
RECEIPT_TYP: Final = "ydt-rx+jws"
FOLDER: Final = Path("sandbox", "bank-keys")


@dataclass(frozen=True, slots=True)
class BankKeys:
    """The private keys of one bank, as JWKs."""

    enc: Mapping[str, Any] = field(repr=False)
    ack: Mapping[str, Any] = field(repr=False)
    msg: Mapping[str, Any] = field(repr=False)

    def public(self, use: str) -> dict[str, Any]:
        """The public part of ``enc``, ``ack`` or ``msg``."""
        return public_of({"enc": self.enc, "ack": self.ack, "msg": self.msg}[use])

    def sign_receipt(self, payload: bytes) -> str:
        """The bank's signed acknowledgement of a packet."""
        return self.sign(RECEIPT_TYP, payload)

    def sign(self, typ: str, payload: bytes) -> str:
        """Compact JWS by the key that signs all the bank acknowledges."""
        return jws.sign(PrivateKey.read(self.ack), typ, payload)


def ensure(folder: Path, bank_id: str) -> BankKeys:
    """The keys of one bank, made where there are none. Safe to repeat."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return BankKeys(*(_key(folder / f"{bank_id}.{use}.jwk.json", use, bank_id) for use in _CURVES))


def note_client(folder: Path, bank_id: str, client_id: str) -> None:
    """Keep the id a bank's machine was admitted under beside its keys."""
    (folder / f"{bank_id}.client").write_text(client_id, encoding="ascii")


def client_id(folder: Path, bank_id: str) -> str:
    """The id a bank's machine was admitted under."""
    return (folder / f"{bank_id}.client").read_text(encoding="ascii")


def _key(path: Path, use: str, bank_id: str) -> dict[str, Any]:
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        made = generate(_CURVES[use], ydt_owner=bank_id)
        fresh.write_text(json.dumps(made), encoding="utf-8")
        fresh.replace(path)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
