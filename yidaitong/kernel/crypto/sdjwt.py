"""SD-JWT and SD-JWT+KB (RFC 9901), compact form: issue, present a part, bind, verify strictly."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from consent.events import canonical
from yidaitong.kernel import strictjson
from yidaitong.kernel.crypto import compact, jws
from yidaitong.kernel.crypto.concealing import conceal
from yidaitong.kernel.crypto.disclosures import (
    MAX_DISCLOSURES,
    MAX_TEXT,
    Hides,
    Revealed,
    digest,
    reveal,
)
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PublicKey

KB_TYP: Final = "kb+jwt"  # RFC 9901 §4.3.
SKEW: Final = timedelta(seconds=60)
_CUT: Final = "~"
_MAX_BINDING: Final = 4096
_BINDING: Final = frozenset({"iat", "aud", "nonce", "sd_hash"})

Sign = Callable[[bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What the holder's proof must say to us: who we are, what we asked, and lately."""

    audience: str
    nonce: str
    at: datetime
    max_age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An SD-JWT every part of which holds; ``issued`` is the part the issuer signed."""

    key: PublicKey = field(repr=False)
    issued: str = field(repr=False)
    revealed: Revealed = field(repr=False)

    @property
    def claims(self) -> dict[str, Any]:
        """What is disclosed."""
        return self.revealed.claims


def issue(sign: Sign, claims: Mapping[str, Any], hides: Hides, *, decoys: int = 0) -> str:
    """The SD-JWT over ``claims`` with all its disclosures; ``sign`` makes the compact JWS.

    Raises:
        JoseError: ``sdjwt.claim``: a claim is named as only the format may.
    """
    made = conceal(claims, hides, decoys=decoys)
    return join(sign(made.payload), made.disclosures)


def join(issued: str, disclosures: Sequence[str]) -> str:
    """The text of an SD-JWT: every part but a key binding ends with a tilde."""
    return _CUT.join([issued, *disclosures, ""])


def issued_part(text: str) -> str:
    """The part the issuer signed: the same in every presentation."""
    return text.partition(_CUT)[0]


def present(text: str, keeps: Hides) -> str:
    """The same SD-JWT with only those disclosures whose path ``keeps``.

    What stands inside something hidden stays hidden. Of a text that was verified before: the
    signature is not looked at again.

    Raises:
        JoseError: it is no SD-JWT, or already bound to a holder's presentation.
    """
    places = opened(text).places
    dropped = {path for path in places if not keeps(path)}
    kept = [
        one
        for path, one in places.items()
        if not any(path[:length] in dropped for length in range(1, len(path) + 1))
    ]
    return join(issued_part(text), sorted(kept, key=digest))


def opened(text: str) -> Revealed:
    """What an SD-JWT says; its signature is not looked at, so it must have been before.

    Raises:
        JoseError: it is no SD-JWT, or it is bound to a holder's presentation.
    """
    issued, given, bound = _split(text, MAX_TEXT)
    if bound:
        raise JoseError("sdjwt.binding", "bound already")
    _, (_head, payload, _signature) = compact.parts(issued, 3, "jws.format")
    return reveal(payload, given)


def bind(text: str, sign: Sign, *, audience: str, nonce: str, at: datetime) -> str:
    """The presentation with the holder's proof; ``sign`` signs with :data:`KB_TYP`."""
    said = {
        "iat": int(at.timestamp()),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": digest(text),
    }
    return text + sign(canonical(said))


def verify(
    text: str,
    *,
    typ: str,
    keys: Mapping[str, PublicKey],
    binding: Binding | None = None,
    max_bytes: int = MAX_TEXT,
) -> Verified:
    """Check an SD-JWT with the pinned key its ``kid`` names, and all its disclosures.

    A proof of the holder must be there where the issuer named the holder's key (``cnf``), and only
    there; then ``binding`` says what it has to prove.

    Raises:
        JoseError: ``size``, a code of ``jws``, or of ``sdjwt``: ``format``,
            ``payload``, ``alg``, ``disclosure``, ``digest``, ``claim``, ``binding``.
    """
    issued, given, bound = _split(text, max_bytes)
    signed = jws.verify(issued, typ=typ, keys=keys, max_bytes=max_bytes)
    found = reveal(signed.payload, given)
    if ("cnf",) in found.places:
        raise JoseError("sdjwt.binding", "whoever presents may not choose to show cnf")
    _check_binding(text, bound, found.claims, binding)
    return Verified(key=signed.key, issued=issued, revealed=found)


def _split(text: str, max_bytes: int) -> tuple[str, list[str], str]:
    """The signed part, the disclosures and the holder's proof, which may be empty."""
    if len(text) > max_bytes or text.count(_CUT) > MAX_DISCLOSURES + 1:
        raise JoseError("size", "SD-JWT too long")
    if not text.isascii():
        raise JoseError("sdjwt.format", "not ASCII")
    issued, *given = text.split(_CUT)
    if not given:
        raise JoseError("sdjwt.format", "no SD-JWT")
    bound = given.pop()
    if not all(given):
        raise JoseError("sdjwt.disclosure", "an empty one")
    return issued, given, bound


def _check_binding(
    text: str, bound: str, claims: Mapping[str, Any], wanted: Binding | None
) -> None:
    named = "cnf" in claims
    if not (named == bool(bound) == (wanted is not None)):
        raise JoseError("sdjwt.binding", "a holder's proof is missing, or nobody asked for it")
    if wanted is None:
        return
    if len(bound) > _MAX_BINDING:
        raise JoseError("size", "key binding too long")
    holder = _holder(claims["cnf"])
    signed = jws.verify(bound, typ=KB_TYP, keys=KeySet.of(holder), max_bytes=_MAX_BINDING)
    check_said(signed.payload, text.removesuffix(bound), wanted)


def _holder(cnf: Any) -> PublicKey:
    if not isinstance(cnf, dict) or cnf.keys() != {"jwk"} or not isinstance(cnf["jwk"], dict):
        raise JoseError("sdjwt.binding", "cnf")
    return PublicKey.read(cnf["jwk"], use="sig")


def check_said(payload: bytes, presented: str, wanted: Binding) -> None:
    """Whether a holder's proof is about this presentation, to us, to our question, and fresh.

    Raises:
        JoseError: ``sdjwt.binding``.
    """
    try:
        said = strictjson.parse_object(payload, max_bytes=_MAX_BINDING)
    except strictjson.StrictJsonError as error:
        raise JoseError("sdjwt.binding", str(error)) from error
    if said.keys() != _BINDING:
        raise JoseError("sdjwt.binding", "members")
    told = {"aud": wanted.audience, "nonce": wanted.nonce, "sd_hash": digest(presented)}
    for name, value in told.items():
        mine = said[name]
        if not isinstance(mine, str) or not hmac.compare_digest(mine.encode(), value.encode()):
            raise JoseError("sdjwt.binding", name)
    made = said["iat"]
    if isinstance(made, bool) or not isinstance(made, int):
        raise JoseError("sdjwt.binding", "iat")
    age = wanted.at.timestamp() - made
    if not -SKEW.total_seconds() <= age <= wanted.max_age.total_seconds():
        raise JoseError("sdjwt.binding", "age")
