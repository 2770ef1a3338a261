"""Keys as records: what each may do is pinned here, whatever a header says."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import rfc8785

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel import strictjson
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.suites import BY_KIND

_POINT: Mapping[str, tuple[str, ...]] = {"OKP": ("x",), "EC": ("x", "y")}
_THUMBED: Mapping[str, tuple[str, ...]] = {
    "OKP": ("crv", "kty", "x"),
    "EC": ("crv", "kty", "x", "y"),
    "RSA": ("e", "kty", "n"),
}
_POINT_BYTES = 32
MAX_SET = 1024 * 1024


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 thumbprint, our ``kid``: with SHA-256 in every suite, over an SM2 key as over EC."""
    members = {name: jwk[name] for name in _THUMBED[jwk["kty"]]}
    return b64u(hashlib.sha256(rfc8785.dumps(members)).digest())


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One pinned public key. ``suite``, ``alg`` and ``use`` come from the record, never a message.

    ``owner`` and ``purpose`` say whose it is and which of our uses it serves.
    """

    kid: str
    suite: str
    use: str
    alg: str
    jwk: Mapping[str, str]
    owner: str = ""
    purpose: str = ""
    from_at: str | None = None
    to_at: str | None = None
    revoked_at: str | None = None
    key: Any = field(kw_only=True, repr=False, compare=False)

    @property
    def curve(self) -> str:
        """Name of the curve."""
        return self.jwk["crv"]

    @classmethod
    def read(cls, jwk: Mapping[str, Any], *, use: str | None = None) -> "PublicKey":
        """One JWK; ``use`` decides where the record does not.

        Raises:
            JoseError: ``jws.key``: unknown kind, private, misnamed, or not on its curve.
        """
        shape = _shape(jwk)
        if "d" in jwk:
            raise JoseError("jws.key", "a private key among public ones")
        kind = (shape["kty"], shape["crv"])
        wanted = jwk.get("use", use) or _only_use(kind)
        provider = BY_KIND[kind]
        alg = provider.curves[kind].get(str(wanted))
        if alg is None or (use is not None and wanted != use):
            raise JoseError("jws.key", "this curve has no such use")
        kid = thumbprint(shape)
        if jwk.get("kid", kid) != kid:
            raise JoseError("jws.key", "kid is not the thumbprint")
        return cls(
            kid=kid,
            suite=provider.suite,
            use=str(wanted),
            alg=alg,
            jwk=shape,
            owner=str(jwk.get("ydt_owner", "")),
            purpose=str(jwk.get("ydt_use", "")),
            from_at=_time(jwk, "ydt_from"),
            to_at=_time(jwk, "ydt_to"),
            revoked_at=_time(jwk, "ydt_revoked"),
            key=_loaded(shape),
        )


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """One private key; it never shows itself."""

    kid: str
    suite: str
    use: str
    alg: str
    curve: str
    key: Any = field(repr=False)

    @classmethod
    def read(cls, jwk: Mapping[str, Any], *, use: str | None = None) -> "PrivateKey":
        """A private JWK.

        Raises:
            JoseError: ``jws.key``: not a private key of a kind we use.
        """
        public = PublicKey.read({name: jwk[name] for name in jwk if name != "d"}, use=use)
        if not isinstance(jwk.get("d"), str):
            raise JoseError("jws.key", "no private part")
        whole = _loaded({**public.jwk, "d": jwk["d"]})
        return cls(public.kid, public.suite, public.use, public.alg, public.curve, whole)


class KeySet(Mapping[str, PublicKey]):
    """Pinned public keys by ``kid``."""

    def __init__(self, keys: Mapping[str, PublicKey]) -> None:
        self._keys = dict(keys)

    @classmethod
    def of(cls, *keys: PublicKey) -> "KeySet":
        """A set of the given keys."""
        return cls({key.kid: key for key in keys})

    @classmethod
    def read(cls, text: str | bytes) -> "KeySet":
        """A JWK set (RFC 7517 §5).

        Raises:
            JoseError: ``jws.key``: not a key set, a key twice, or a key we cannot use.
        """
        data = text.encode() if isinstance(text, str) else text
        try:
            members = strictjson.parse_object(data, max_bytes=MAX_SET).get("keys")
        except strictjson.StrictJsonError as error:
            raise JoseError("jws.key", f"key set: {error}") from error
        if not isinstance(members, list):
            raise JoseError("jws.key", "not a key set")
        keys: dict[str, PublicKey] = {}
        for jwk in members:
            key = PublicKey.read(jwk if isinstance(jwk, dict) else {})
            if key.kid in keys:
                raise JoseError("jws.key", "a key twice")
            keys[key.kid] = key
        return cls(keys)

    def owned_by(self, owner: str) -> "KeySet":
        """The keys of one owner."""
        return KeySet({kid: key for kid, key in self._keys.items() if key.owner == owner})

    def serving(self, purpose: str) -> "KeySet":
        """The keys of one use, and those that say none."""
        kept = {"", purpose}
        return KeySet({kid: key for kid, key in self._keys.items() if key.purpose in kept})

    def __getitem__(self, kid: str) -> PublicKey:
        return self._keys[kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def generate(crv: str, *, use: str | None = None, **members: str) -> dict[str, str]:
    """A fresh private JWK on Ed25519, X25519, P-256 or SM2, with its ``kid`` and ``use``.

    ``members`` are added, such as ``ydt_owner``.

    Raises:
        SuiteUnavailableError: this computer cannot make such a key.
    """
    kind = next(kind for kind in BY_KIND if kind[1] == crv)
    made = BY_KIND[kind].generate(crv)
    return {**made, "kid": thumbprint(made), "use": use or _only_use(kind), **members}


def public_of(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The public part of a private JWK."""
    return {name: value for name, value in jwk.items() if name != "d"}


def _shape(jwk: Mapping[str, Any]) -> dict[str, str]:
    kind = (jwk.get("kty"), jwk.get("crv"))
    if kind not in BY_KIND:
        raise JoseError("jws.key", "a kind of key we do not use")
    names = ("kty", "crv", *_POINT[str(kind[0])])
    try:
        for name in names[2:]:
            if len(b64u_decode(jwk[name])) != _POINT_BYTES:
                raise JoseError("jws.key", "a coordinate of the wrong length")
    except (KeyError, TypeError, ValueError) as error:
        raise JoseError("jws.key", "a coordinate is not base64url") from error
    return {name: str(jwk[name]) for name in names}


def _only_use(kind: tuple[str, str]) -> str:
    uses = BY_KIND[kind].curves[kind]
    if len(uses) != 1:
        raise JoseError("jws.key", "the key does not say its use")
    return next(iter(uses))


def _loaded(jwk: Mapping[str, str]) -> Any:
    try:
        return BY_KIND[jwk["kty"], jwk["crv"]].load(jwk)
    except (ValueError, TypeError) as error:
        raise JoseError("jws.key", "the key is not on its curve") from error


def _time(jwk: Mapping[str, Any], name: str) -> str | None:
    value = jwk.get(name)
    if value is None:
        return None
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise JoseError("jws.key", f"{name} is no time") from error
    return str(value)
