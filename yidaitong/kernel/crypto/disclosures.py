"""Disclosures (RFC 9901 §4): hidden parts of a JSON object, their digests, and the way back."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from consent.encoding import b64u
from yidaitong.kernel import strictjson
from yidaitong.kernel.crypto import compact
from yidaitong.kernel.crypto.errors import JoseError

SALT_BYTES: Final = 16  # RFC 9901 §9.3: at least 128 bits.
MIN_SALT_TEXT: Final = 22  # 128 bits as base64url; a shorter salt lets a digest be guessed.
MAX_DISCLOSURES: Final = 1024
MAX_DIGESTS: Final = 4096
MAX_TEXT: Final = 1024 * 1024
ALGORITHM: Final = "sha-256"

_SD: Final = "_sd"
_ALG: Final = "_sd_alg"
_DOTS: Final = "..."
_RESERVED: Final = frozenset({_SD, _ALG, _DOTS})
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MEMBER, _ELEMENT = 3, 2  # [salt, name, value], [salt, value]

Path = tuple[str | int, ...]
Hides = Callable[[Path], bool]


@dataclass(frozen=True, slots=True)
class Concealed:
    """What an issuer signs, and the disclosures that open it, in an order that tells nothing."""

    payload: bytes
    disclosures: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revealed:
    """Claims with what the disclosures open put in its place, and nothing left of the digests.

    ``places`` are the disclosures by the path of what they open; an element of a list is counted
    as the issuer wrote the list. ``unopened`` are the paths of objects and lists with a digest
    that nothing here opens: something hidden, or a decoy.
    """

    claims: dict[str, Any] = field(repr=False)
    places: Mapping[Path, str] = field(repr=False)
    unopened: tuple[Path, ...]


def digest(text: str) -> str:
    """SHA-256 of a disclosure's own text (RFC 9901 §4.2.3), base64url."""
    return b64u(hashlib.sha256(text.encode("ascii")).digest())


def conceal(claims: Mapping[str, Any], hides: Hides, *, decoys: int = 0) -> Concealed:
    """Hide every member and list element whose path ``hides``, also inside what is hidden.

    ``decoys`` digests that open nothing are added to each object that hides a member.

    Raises:
        JoseError: ``sdjwt.claim``: a claim is named as only the format may.
    """
    made: dict[str, str] = {}
    body = _conceal_object(claims, (), (hides, decoys, made))
    body[_ALG] = ALGORITHM
    payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Concealed(payload, tuple(made[one] for one in sorted(made)))


_Work = tuple[Hides, int, dict[str, str]]


def _conceal(value: Any, path: Path, work: _Work) -> Any:
    if isinstance(value, Mapping):
        return _conceal_object(value, path, work)
    if isinstance(value, list | tuple):
        return [_conceal_element(one, (*path, place), work) for place, one in enumerate(value)]
    return value


def _conceal_object(claims: Mapping[str, Any], path: Path, work: _Work) -> dict[str, Any]:
    hides, decoys, made = work
    shown: dict[str, Any] = {}
    digests = []
    for name, value in claims.items():
        if name in _RESERVED:
            raise JoseError("sdjwt.claim", "a reserved name")
        inner = (*path, name)
        written = _conceal(value, inner, work)
        if hides(inner):
            digests.append(_disclose([name, written], made))
        else:
            shown[name] = written
    if digests:
        digests += [b64u(secrets.token_bytes(hashlib.sha256().digest_size)) for _ in range(decoys)]
        shown[_SD] = sorted(digests)
    return shown


def _conceal_element(value: Any, path: Path, work: _Work) -> Any:
    written = _conceal(value, path, work)
    return {_DOTS: _disclose([written], work[2])} if work[0](path) else written


def _disclose(said: list[Any], made: dict[str, str]) -> str:
    salted = [b64u(secrets.token_bytes(SALT_BYTES)), *said]
    text = b64u(json.dumps(salted, ensure_ascii=False, separators=(",", ":")).encode())
    key = digest(text)
    made[key] = text
    return key


def reveal(payload: bytes, texts: Sequence[str]) -> Revealed:
    """Put what ``texts`` disclose into the claims of a signed ``payload`` (RFC 9901 §7.1).

    Raises:
        JoseError: ``sdjwt.payload``: it is none; ``sdjwt.alg``; ``sdjwt.disclosure``: one
            is malformed, given twice, or nothing refers to it; ``sdjwt.digest``: one is malformed
            or met twice; ``sdjwt.claim``: a name is reserved or there already.
    """
    given = _read_all(texts)
    try:
        body = strictjson.parse_object(payload, max_bytes=MAX_TEXT)
    except strictjson.StrictJsonError as error:
        raise JoseError("sdjwt.payload", f"payload: {error}") from error
    if body.pop(_ALG, ALGORITHM) != ALGORITHM:
        raise JoseError("sdjwt.alg", "another digest")
    weaver = _Weaver(given)
    claims = weaver.members(body, ())
    if len(weaver.places) != len(given):
        raise JoseError("sdjwt.disclosure", "nothing refers to it")
    return Revealed(claims, weaver.places, tuple(weaver.unopened))


@dataclass(frozen=True, slots=True)
class _Disclosure:
    text: str
    name: str | None
    value: Any


def _read_all(texts: Sequence[str]) -> dict[str, _Disclosure]:
    if len(texts) > MAX_DISCLOSURES or sum(map(len, texts)) > MAX_TEXT:
        raise JoseError("size", "too many disclosures")
    given = {digest(text): _read(text) for text in texts}
    if len(given) != len(texts):
        raise JoseError("sdjwt.disclosure", "given twice")
    return given


def _read(text: str) -> _Disclosure:
    try:
        said = strictjson.parse(compact.decode(text, "sdjwt.disclosure"), max_bytes=MAX_TEXT)
    except strictjson.StrictJsonError as error:
        raise JoseError("sdjwt.disclosure", str(error)) from error
    if not isinstance(said, list) or len(said) not in {_MEMBER, _ELEMENT}:
        raise JoseError("sdjwt.disclosure", "neither a member nor an element")
    salt, name = said[0], said[1] if len(said) == _MEMBER else None
    if not isinstance(salt, str) or len(salt) < MIN_SALT_TEXT:
        raise JoseError("sdjwt.disclosure", "salt")
    if len(said) == _MEMBER and not isinstance(name, str):
        raise JoseError("sdjwt.disclosure", "name")
    return _Disclosure(text, name, said[-1])


class _Weaver:
    """One walk over the claims: each digest is met once, each disclosure used once."""

    def __init__(self, given: Mapping[str, _Disclosure]) -> None:
        self._given = given
        self._met: set[str] = set()
        self.places: dict[Path, str] = {}
        self.unopened: list[Path] = []

    def members(self, body: Mapping[str, Any], path: Path) -> dict[str, Any]:
        if _DOTS in body or _ALG in body:
            raise JoseError("sdjwt.claim", "a reserved name")
        digests = body.get(_SD, [])
        if not isinstance(digests, list):
            raise JoseError("sdjwt.digest", "no list of digests")
        found = {
            name: self._value(value, (*path, name)) for name, value in body.items() if name != _SD
        }
        for one in digests:
            disclosure = self._take(one, path)
            if disclosure is None:
                continue
            name = disclosure.name
            if name is None:
                raise JoseError("sdjwt.disclosure", "an element among members")
            if name in _RESERVED or name in found:
                raise JoseError("sdjwt.claim", "a reserved name, or one that is there")
            found[name] = self._opened(disclosure, (*path, name))
        return found

    def _elements(self, items: list[Any], path: Path) -> list[Any]:
        found = []
        for place, item in enumerate(items):
            inner = (*path, place)
            if not isinstance(item, dict) or _DOTS not in item:
                found.append(self._value(item, inner))
                continue
            if len(item) != 1:
                raise JoseError("sdjwt.claim", "members beside a digest")
            disclosure = self._take(item[_DOTS], path)
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise JoseError("sdjwt.disclosure", "a member among elements")
            found.append(self._opened(disclosure, inner))
        return found

    def _value(self, value: Any, path: Path) -> Any:
        if len(path) > strictjson.MAX_DEPTH:
            raise JoseError("sdjwt.payload", "too deep")
        if isinstance(value, dict):
            return self.members(value, path)
        return self._elements(value, path) if isinstance(value, list) else value

    def _opened(self, disclosure: _Disclosure, path: Path) -> Any:
        self.places[path] = disclosure.text
        return self._value(disclosure.value, path)

    def _take(self, one: Any, path: Path) -> _Disclosure | None:
        if not isinstance(one, str) or _DIGEST.fullmatch(one) is None:
            raise JoseError("sdjwt.digest", "malformed")
        if one in self._met or len(self._met) == MAX_DIGESTS:
            raise JoseError("sdjwt.digest", "met twice, or too many")
        self._met.add(one)
        found = self._given.get(one)
        if found is None:
            self.unopened.append(path)
        return found
