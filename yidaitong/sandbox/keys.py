"""Keys of the made-up departments, the file that pins them, and ours as they see them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from yidaitong.departments.pins import in_force
from yidaitong.departments.registry import DEPARTMENTS
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, generate, public_of
from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.runtime import Runtime

FOLDER = "sandbox"
PINS_FILE = "departments.jwks.json"
PLATFORM_FILE = "platform-jwks.json"
_CURVE = "Ed25519"


@dataclass(frozen=True, slots=True)
class AnswerKeys:
    """The private answer key of each department."""

    keys: Mapping[str, PrivateKey] = field(repr=False)

    def sign(self, department: str, typ: str, payload: bytes) -> str:
        """Compact JWS by the department's key."""
        return jws.sign(self.keys[department], typ, payload)


def pins_path(home: Path) -> Path:
    """Where the pinned public keys of the departments stand."""
    return home / FOLDER / PINS_FILE


def platform_path(home: Path) -> Path:
    """Where the departments find our public keys."""
    return home / PLATFORM_FILE


def ensure(home: Path) -> AnswerKeys:
    """The answer keys, made where there are none, and their pins file. Safe to repeat."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = {code: _key(folder, code) for code in DEPARTMENTS}
    _write(pins_path(home), {"keys": [public_of(jwk) for jwk in found.values()]})
    return AnswerKeys({code: PrivateKey.read(jwk) for code, jwk in found.items()})


def publish_platform_keys(runtime: Runtime) -> Path:
    """Write our public keys where receivers look for them; makes those they need, if needed."""
    with runtime.transaction(SYSTEM) as uow:
        for use in (KeyUse.TICKET, KeyUse.NOTICE):
            uow.crypto.kid(uow.session, use)
        known = uow.crypto.public_jwks(uow.session)
    path = platform_path(runtime.settings.home)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, known)
    return path


def platform_keys(file: Path, use: KeyUse, at: datetime) -> KeySet:
    """Our keys for one use, as a receiver reads them at ``at``; another key of ours serves none.

    Raises:
        OSError: there is no such file.
        JoseError: it is no key set.
    """
    try:
        members = json.loads(file.read_text(encoding="utf-8"))["keys"]
    except (ValueError, KeyError):
        members = []
    ours = [jwk for jwk in members if jwk.get("ydt_use") == use.value]
    known = KeySet.read(json.dumps({"keys": ours}))
    return KeySet.of(*(key for key in known.values() if in_force(key, at)))


def _key(folder: Path, code: str) -> dict[str, Any]:
    path = folder / f"{code}.jwk.json"
    made = generate(_CURVE, ydt_owner=code)
    fresh = folder / f".{code}.{os.getpid()}"
    fresh.touch(mode=0o600)
    try:
        fresh.write_text(json.dumps(made), encoding="utf-8")
        # A link fails where there is a key already: two starters never use two keys.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all; readers may look at any moment."""
    text = json.dumps(content, indent=1, sort_keys=True)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
