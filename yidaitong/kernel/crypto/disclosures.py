"""Disclosures (RFC 9901 §4): read strictly, and put back into the claims they were taken from."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from consent.encoding import b64u
from yidaitong.kernel import strictjson
from yidaitong.kernel.crypto import compact
from yidaitong.kernel.crypto.errors import JoseError

MIN_SALT_TEXT: Final = 22  # 128 bits as base64url; a shorter salt lets a digest be guessed.
MAX_DISCLOSURES: Final = 1024
MAX_DIGESTS: Final = 4096
MAX_TEXT: Final = 1024 * 1024
ALGORITHM: Final = "sha-256"

SD: Final = "_sd"
ALG: Final = "_sd_alg"
DOTS: Final = "..."
RESERVED: Final = frozenset({SD, ALG, DOTS})
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MEMBER, _ELEMENT = 3, 2  # [salt, name, value], [salt, value]

_NESTED: Final = (dict, list)

Path = tuple[str | int, ...]
Hides = Callable[[Path], bool]


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
    if body.pop(ALG, ALGORITHM) != ALGORITHM:
        raise JoseError("sdjwt.alg", "another digest")
    weaver = _Weaver(given)
    claims = weaver.members(body, ())
    if len(weaver.places) != len(given):
        raise JoseError("sdjwt.disclosure", "nothing refers to it")
    return Revealed(claims, weaver.places, tuple(weaver.unopened))


class _Disclosure(NamedTuple):
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
        if DOTS in body or ALG in body:
            raise JoseError("sdjwt.claim", "a reserved name")
        digests = body.get(SD, [])
        if not isinstance(digests, list):
            raise JoseError("sdjwt.digest", "no list of digests")
        found = {
            name: self._value(value, (*path, name)) if isinstance(value, _NESTED) else value
            for name, value in body.items()
            if name != SD
        }
        for one in digests:
            disclosure = self._take(one, path)
            if disclosure is None:
                continue
            name = disclosure.name
            if name is None:
                raise JoseError("sdjwt.disclosure", "an element among members")
            if name in RESERVED or name in found:
                raise JoseError("sdjwt.claim", "a reserved name, or one that is there")
            found[name] = self._opened(disclosure, (*path, name))
        return found

    def _elements(self, items: list[Any], path: Path) -> list[Any]:
        found = []
        for place, item in enumerate(items):
            inner = (*path, place)
            if not isinstance(item, dict) or DOTS not in item:
                found.append(self._value(item, inner))
                continue
            if len(item) != 1:
                raise JoseError("sdjwt.claim", "members beside a digest")
            disclosure = self._take(item[DOTS], path)
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
