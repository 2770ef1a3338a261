"""What a bank and an auditor do by themselves: open, verify, sign for, and mirror the log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from consent.ledger.checkpoint import read_checkpoint
from consent.ledger.note import read_note
from consent.ledger.paths import paths_of
from consent.ledger.policy import policy_of
from consent.ledger.verify import verify as verify_log
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey
from yidaitong.packets.acking import receipt
from yidaitong.packets.verify import Report, Trust, verify
from yidaitong.sandbox.bankkeys import BankKeys
from yidaitong.sandbox.story.client import Party

_LOG: Final = "/ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What was handed over on paper before: platform and department keys, the log's key."""

    jwks: str
    vkey: str

    @classmethod
    def fetch(cls, party: Party) -> "Pinned":
        """In the demo the paper is the platform's own pages."""
        return cls(
            jwks=party.text("/.well-known/jwks.json"), vkey=party.text(f"{_LOG}/vkey").strip()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """One bank's own desk: nothing here asks the platform."""

    bank_id: str
    keys: BankKeys = field(repr=False)
    pinned: Pinned

    def check(self, sealed: str, pull_id: str) -> Report:
        """Open and verify one sealed packet offline."""
        trust = Trust(
            key=PrivateKey.read(self.keys.enc, use="enc"),
            audience=self.bank_id,
            keys=KeySet.read(self.pinned.jwks),
            policy=policy_of(self.pinned.vkey),
            expect_pull=pull_id,
        )
        return verify(sealed, trust)

    def sign_for(self, packet_id: str, packet_sha256: str) -> str:
        """The bank's signed acknowledgement of a verified packet."""
        return receipt(PrivateKey.read(self.keys.ack), UUID(packet_id), packet_sha256, wall())

    def private_jwk(self) -> Mapping[str, Any]:
        """The key packets are sealed to, with its owner, as the command line wants it."""
        return {**self.keys.enc, "ydt_owner": self.bank_id}


def mirror_log(party: Party, folder: Path) -> int:
    """Copy the published log over HTTP, as any reader may; its size. Existing files stay."""
    head = party.text(f"{_LOG}/checkpoint")
    size = read_checkpoint(read_note(head.encode()).text).size
    for path in paths_of(size):
        file = folder / str(path)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(party.content(f"{_LOG}/{path}"))
    (folder / "checkpoint").write_text(head, encoding="utf-8")
    return size


def log_holds(folder: Path, vkey: str) -> bool:
    """Whether a mirrored log verifies: signature, tree, leaves, and its two promises."""
    return verify_log(folder, policy_of(vkey)).ok


def write_json(path: Path, value: object) -> None:
    """A readable JSON file."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
