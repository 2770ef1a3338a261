"""Running the verifier on files and reading its report."""

import json
from pathlib import Path
from typing import Any

from consent.ledger.note import KeyKind, VKey
from consent.ledger.verify import run
from tests.consent.ledger.builders import a_signer

SIGNER = a_signer()
VKEY = str(SIGNER.vkey)
# Key 3 of RFC 8032 §7.1, with which the worked example is signed.
EXAMPLE_VKEY = str(
    VKey(
        "log.ydt.example/ledger",
        KeyKind.ED25519,
        bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
    )
)


def judged(path: Path, *words: str, vkey: str = VKEY) -> dict[str, Any]:
    code, said = run([str(path), "--vkey", vkey, "--json", *words])
    found: dict[str, Any] = json.loads(said)
    assert found["ok"] is (code == 0)
    assert found["code"] == next((c["name"] for c in found["checks"] if not c["ok"]), None)
    return found


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def saved(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path
