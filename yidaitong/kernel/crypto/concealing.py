"""Hiding parts of a JSON object behind salted digests (RFC 9901 §4.2)."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from consent.encoding import b64u
from yidaitong.kernel.crypto.disclosures import (
    ALG,
    ALGORITHM,
    DOTS,
    RESERVED,
    SD,
    Hides,
    Path,
    digest,
)
from yidaitong.kernel.crypto.errors import JoseError

SALT_BYTES: Final = 16  # RFC 9901 §9.3: at least 128 bits.
_SALTS: Final = 64
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Concealed:
    """What an issuer signs, and the disclosures that open it, in an order that tells nothing."""

    payload: bytes
    disclosures: tuple[str, ...] = field(repr=False)


def conceal(claims: Mapping[str, Any], hides: Hides, *, decoys: int = 0) -> Concealed:
    """Hide every member and list element whose path ``hides``, also inside what is hidden.

    Values are dicts, lists and what JSON writes by itself. ``decoys`` digests that open nothing
    are added to each object that hides a member.

    Raises:
        JoseError: ``sdjwt.claim``: a claim is named as only the format may.
    """
    work = _Work(hides, decoys)
    body = _conceal_object(claims, (), work)
    body[ALG] = ALGORITHM
    made = work.made
    return Concealed(_ENCODER.encode(body).encode(), tuple(made[one] for one in sorted(made)))


def _salts() -> Iterator[str]:
    """Salts without end, asked of the system by the hundred."""
    while True:
        drawn = secrets.token_bytes(SALT_BYTES * _SALTS)
        for place in range(0, len(drawn), SALT_BYTES):
            yield b64u(drawn[place : place + SALT_BYTES])


@dataclass(frozen=True, slots=True)
class _Work:
    hides: Hides
    decoys: int
    salts: Iterator[str] = field(default_factory=_salts)
    made: dict[str, str] = field(default_factory=dict)

    def disclose(self, said: list[Any]) -> str:
        text = b64u(_ENCODER.encode([next(self.salts), *said]).encode())
        key = digest(text)
        self.made[key] = text
        return key


def _conceal(value: Any, path: Path, work: _Work) -> Any:
    if isinstance(value, dict):
        return _conceal_object(value, path, work)
    if isinstance(value, list | tuple):
        return [_conceal_element(one, (*path, place), work) for place, one in enumerate(value)]
    return value


def _conceal_object(claims: Mapping[str, Any], path: Path, work: _Work) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    digests = []
    for name, value in claims.items():
        if name in RESERVED:
            raise JoseError("sdjwt.claim", "a reserved name")
        inner = (*path, name)
        written = _conceal(value, inner, work)
        if work.hides(inner):
            digests.append(work.disclose([name, written]))
        else:
            shown[name] = written
    if digests:
        digests += [digest(next(work.salts)) for _ in range(work.decoys)]
        shown[SD] = sorted(digests)
    return shown


def _conceal_element(value: Any, path: Path, work: _Work) -> Any:
    written = _conceal(value, path, work)
    return {DOTS: work.disclose([written])} if work.hides(path) else written
