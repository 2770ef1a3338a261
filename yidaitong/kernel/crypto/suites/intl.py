"""Suite ``intl``: SHA-256, Ed25519 or ES256, ECDH-ES+A256KW, AES-256-GCM (RFC 7518, 8037)."""

import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from joserfc.errors import JoseError as LibraryError
from joserfc.jwk import ECKey, OKPKey

from yidaitong.kernel.crypto import wrapping
from yidaitong.kernel.crypto.errors import JoseError, SealBrokenError
from yidaitong.kernel.crypto.provider import NONCE_BYTES, Curves, KeyRecord, Wrapped

EDDSA, ES256, ECDH = "EdDSA", "ES256", "ECDH-ES+A256KW"
_HALF = 32  # P-256 signatures in a JWS are r ‖ s (RFC 7518 §3.4).
_KEK_BITS = 256
_POINT: Mapping[str, frozenset[str]] = {
    "OKP": frozenset({"kty", "crv", "x"}),
    "EC": frozenset({"kty", "crv", "x", "y"}),
}


class Intl:
    """The suite whose names JOSE registers; its primitives come from ``cryptography``."""

    suite: Final = "intl"
    byte: Final = b"\x01"
    key_bytes: Final = 32
    enc: Final = "A256GCM"
    # P-256 serves both uses; its record must say which.
    curves: Final[Curves] = {
        ("OKP", "Ed25519"): {"sig": EDDSA},
        ("OKP", "X25519"): {"enc": ECDH},
        ("EC", "P-256"): {"sig": ES256, "enc": ECDH},
    }
    wrap_header: Final[Mapping[str, type]] = {"epk": dict}

    def require(self) -> None:
        """Always there."""

    def reads(self, alg: str) -> frozenset[str]:
        """An Ed25519 key also reads under the newer name of the same algorithm (RFC 9864)."""
        return frozenset({EDDSA, "Ed25519"}) if alg == EDDSA else frozenset({alg})

    def load(self, jwk: Mapping[str, str]) -> OKPKey | ECKey:
        """The key of a JWK.

        Raises:
            ValueError: it is not on its curve.
        """
        # No alg member: the library would compare it instead of our record.
        kind: Any = OKPKey if jwk["kty"] == "OKP" else ECKey
        try:
            loaded: OKPKey | ECKey = kind.import_key(dict(jwk))
        except LibraryError as error:
            raise ValueError("not on its curve") from error
        return loaded

    def generate(self, crv: str) -> dict[str, str]:
        """A fresh private JWK."""
        kind: Any = ECKey if crv == "P-256" else OKPKey
        made = kind.generate_key(crv).as_dict(private=True)
        return {name: made[name] for name in ("kty", "crv", "x", "y", "d") if name in made}

    def digest(self, data: bytes) -> bytes:
        """SHA-256."""
        hashing = hashes.Hash(hashes.SHA256())
        hashing.update(data)
        return hashing.finalize()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA-256."""
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(data)
        return mac.finalize()

    def kdf(self, key: bytes, info: str, length: int) -> bytes:
        """HKDF-SHA-256."""
        return HKDF(hashes.SHA256(), length, salt=None, info=info.encode()).derive(key)

    def sign(self, key: KeyRecord, data: bytes) -> bytes:
        """64 bytes: Ed25519 (RFC 8032), or ES256."""
        if key.alg == EDDSA:
            made: bytes = key.key.private_key.sign(data)
            return made
        der = key.key.private_key.sign(data, ec.ECDSA(hashes.SHA256()))
        return b"".join(part.to_bytes(_HALF, "big") for part in decode_dss_signature(der))

    def verify(self, key: KeyRecord, data: bytes, signature: bytes) -> None:
        """Refuse all but a signature of ``key``.

        Raises:
            JoseError: ``jws.signature``.
        """
        try:
            if key.alg == EDDSA:
                key.key.public_key.verify(signature, data)
                return
            if len(signature) != 2 * _HALF:
                raise JoseError("jws.signature", "not 64 bytes")
            r, s = (int.from_bytes(half, "big") for half in _halves(signature))
            checked = ec.ECDSA(hashes.SHA256())
            key.key.public_key.verify(encode_dss_signature(r, s), data, checked)
        except (InvalidSignature, ValueError) as error:
            raise JoseError("jws.signature", "signature is not valid") from error

    def wrap(self, recipient: KeyRecord, cek: bytes) -> Wrapped:
        """ECDH-ES with a new ephemeral key, then AES key wrap (RFC 7518 §4.6)."""
        public = recipient.key
        mine = type(public).generate_key(public.curve_name)
        kek = _agreed(mine, public)
        return Wrapped(aes_key_wrap(kek, cek), {"epk": mine.as_dict(private=False)})

    def unwrap(self, key: KeyRecord, wrapped: Wrapped) -> bytes:
        """The content key.

        Raises:
            JoseError: ``jwe.header``: no bare point on our curve; ``jwe.decrypt``.
        """
        try:
            kek = _agreed(key.key, self._ephemeral(key, wrapped.header.get("epk")))
            return aes_key_unwrap(kek, wrapped.encrypted)
        except (InvalidUnwrap, LibraryError, ValueError, TypeError) as error:
            raise JoseError("jwe.decrypt", "the content key does not unwrap") from error

    def _ephemeral(self, key: KeyRecord, epk: Any) -> OKPKey | ECKey:
        ours = key.key
        try:
            theirs = epk["kty"], epk["crv"]
            bare = epk.keys() == _POINT[ours.key_type]
            if not bare or theirs != (ours.key_type, ours.curve_name):
                raise JoseError("jwe.header", "header member epk")
            return self.load(epk)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise JoseError("jwe.header", "header member epk") from error

    def seal(self, key: bytes, plaintext: bytes, aad: bytes, head: bytes = b"") -> bytes:
        """AES-256-GCM."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return head + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)

    def open(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """The plaintext.

        Raises:
            SealBrokenError: altered, or under another key.
        """
        if len(key) != self.key_bytes:
            raise SealBrokenError("not a key of this suite")
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError("does not open") from error

    def wrap_dek(self, kek: bytes, dek_id: bytes, dek: bytes) -> bytes:
        """AES key wrap (RFC 3394) under a key of its own for this id."""
        return wrapping.wrap(kek, _name(dek_id), dek)

    def unwrap_dek(self, kek: bytes, dek_id: bytes, wrapped: bytes) -> bytes:
        """The data key; those of before ids were bound, too.

        Raises:
            SealBrokenError: altered, or under another key.
        """
        return wrapping.unwrap(kek, _name(dek_id), wrapped, plain=kek)


def _name(dek_id: bytes) -> str:
    return f"dek:{UUID(bytes=dek_id)}"


def _halves(signature: bytes) -> tuple[bytes, bytes]:
    return signature[:_HALF], signature[_HALF:]


def _agreed(mine: Any, theirs: Any) -> bytes:
    """One round of Concat KDF over the name of the algorithm (RFC 7518 §4.6.2)."""
    secret = mine.exchange_derive_key(theirs)
    name = ECDH.encode()
    told = len(name).to_bytes(4, "big") + name + bytes(8) + _KEK_BITS.to_bytes(4, "big")
    return ConcatKDFHash(hashes.SHA256(), _KEK_BITS // 8, told).derive(secret)


PROVIDER = Intl()
