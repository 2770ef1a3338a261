"""Signing calls as a bank's own client does (RFC 9421), with a public library and nothing of ours.

The exception is reading the private key, which the demo keeps as a JWK.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from authlib.oauth2.rfc7523 import private_key_jwt_sign
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    algorithms,
)

from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.keys import PrivateKey

TAG: Final = "ydt-bank"
_BOUND: Final = ("authorization", "content-digest", "idempotency-key")
_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "d"})
_ALGORITHMS: Final[Mapping[str, type[HTTPSignatureAlgorithm]]] = {
    "Ed25519": algorithms.ED25519,
    "P-256": algorithms.ECDSA_P256_SHA256,
}


@dataclass(slots=True)
class Call:
    """One request as the library wants it; the signature is written into ``headers``."""

    method: str
    url: str
    headers: dict[str, str]


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, key: PrivateKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:
        del key_id  # There is one.
        return self.key.key.raw_value

    def resolve_public_key(self, key_id: str) -> Any:
        raise NotImplementedError(key_id)


@dataclass(frozen=True, slots=True)
class Signer:
    """A bank's key for messages, and the platform's public origin that calls are signed for."""

    jwk: Mapping[str, Any] = field(repr=False)
    origin: str

    @property
    def kid(self) -> str:
        """The key's thumbprint."""
        return str(self.jwk["kid"])

    def assertion(self, client_id: str, endpoint: str) -> str:
        """What a machine shows for a token (RFC 7523), valid once and for five minutes."""
        jwk = {name: one for name, one in self.jwk.items() if name in _MEMBERS}
        alg = "EdDSA" if jwk["kty"] == "OKP" else "ES256"
        made = private_key_jwt_sign(
            jwk,
            client_id,
            endpoint,
            alg=alg,
            header={"typ": "JWT", "kid": self.kid},
            expires_in=300,
        )
        return str(made)

    def sign(
        self,
        call: Call,
        body: bytes = b"",
        *,
        covered: tuple[str, ...] | None = None,
        created: datetime | None = None,
        nonce: str | None = None,
    ) -> None:
        """Sign a call in place; ``covered`` and the rest replace what a good client chooses."""
        key = PrivateKey.read(self.jwk, use="sig")
        if body:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            call.headers["Content-Digest"] = f"sha-256=:{digest}:"
        present = {name.lower() for name in call.headers}
        parts = ("@method", "@target-uri", *(name for name in _BOUND if name in present))
        signer = HTTPMessageSigner(
            signature_algorithm=_ALGORITHMS[key.curve], key_resolver=_Keys(key)
        )
        signer.sign(
            call,
            key_id=self.kid,
            created=created or wall(),
            nonce=secrets.token_urlsafe(24) if nonce is None else nonce,
            tag=TAG,
            label="ydt",
            include_alg=False,
            covered_component_ids=parts if covered is None else covered,
            use_existing_digest="content-digest" in present,
        )
