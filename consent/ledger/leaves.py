"""The leaf: what stands in the log about one act, as exact bytes (RFC 8785), and its key."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from consent.encoding import b64u_decode
from consent.events import PUBLIC, EventType, canonical
from consent.ledger.errors import LeafError

# Wire format: append only.
VERSION: Final = 1
SUITES: Final = frozenset({"intl", "sm"})
MIN_BYTES: Final = 2
MAX_BYTES: Final = 1023
_MAX_INTEGER: Final = 2**53 - 1
_DIGEST_BYTES: Final = 32
_KEY_PREFIX: Final = "ydt-event/1"
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_MEMBERS: Final = frozenset({"v", "type", "suite", "ref", "n", "id", "t", "commit"})
_ONLY_SM: Final = frozenset({"packet_sm3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One act in the log. ``public`` holds the plain hashes its type carries, base64url."""

    type: EventType
    ref: UUID
    n: int
    id: UUID
    t: str
    commit: str
    suite: str = "intl"
    consent: UUID | None = None
    public: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The exact bytes that are hashed: at most some 500, far below the 1,023 of the log.

        Raises:
            LeafError: a member is missing, unknown, or not of its form.
        """
        _check(self)
        value: dict[str, Any] = {
            "v": VERSION,
            "type": self.type.value,
            "suite": self.suite,
            "ref": str(self.ref),
            "n": self.n,
            "id": str(self.id),
            "t": self.t,
            "commit": self.commit,
            **self.public,
        }
        if self.consent is not None:
            value["consent"] = str(self.consent)
        return canonical(value)

    @property
    def key(self) -> bytes:
        """What never repeats in one log."""
        return key_of(self.type, self.ref, self.n)


def key_of(kind: str, ref: UUID, n: int) -> bytes:
    """SHA-256 over type, ref and n: derived from the leaf, never random."""
    return hashlib.sha256(f"{_KEY_PREFIX}\n{kind!s}\n{ref}\n{n}".encode()).digest()


def parse_leaf(body: bytes) -> Leaf:
    """The leaf behind exact bytes; any other spelling of the same leaf is refused.

    Raises:
        LeafError: not a leaf.
    """
    if not MIN_BYTES <= len(body) <= MAX_BYTES:
        raise LeafError("size")
    value = _read(body)
    if _MEMBERS - set(value):
        raise LeafError("a member is missing")
    try:
        leaf = Leaf(
            type=EventType(value["type"]),
            ref=UUID(value["ref"]),
            n=value["n"],
            id=UUID(value["id"]),
            t=value["t"],
            commit=value["commit"],
            suite=value["suite"],
            consent=UUID(value["consent"]) if "consent" in value else None,
            public={k: v for k, v in value.items() if k not in _MEMBERS | {"consent"}},
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise LeafError("a member is not of its form") from error
    if leaf.body() != body:
        raise LeafError("not the canonical bytes")
    return leaf


def _read(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as error:
        raise LeafError("not JSON") from error
    if not isinstance(value, dict):
        raise LeafError("not an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _refuse(_text: str) -> None:
    raise ValueError("no such number in a leaf")


def _check(leaf: Leaf) -> None:
    if leaf.suite not in SUITES:
        raise LeafError("suite")
    # bool is an int: True would be written as true.
    if type(leaf.n) is not int or not 0 <= leaf.n <= _MAX_INTEGER:
        raise LeafError("n")
    if not isinstance(leaf.t, str) or _TIME.fullmatch(leaf.t) is None:
        raise LeafError("t")
    _check_digest("commit", leaf.commit)
    known = frozenset(PUBLIC.get(leaf.type, ()))
    wanted = known if leaf.suite == "sm" else known - _ONLY_SM
    if set(leaf.public) != wanted:
        raise LeafError(f"{leaf.type} carries {sorted(wanted)}")
    for name, value in leaf.public.items():
        _check_digest(name, value)


def _check_digest(name: str, value: object) -> None:
    try:
        data = b64u_decode(value) if isinstance(value, str) and value.isascii() else b""
    except ValueError:
        data = b""
    if len(data) != _DIGEST_BYTES:
        raise LeafError(name)
