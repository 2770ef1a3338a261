"""Suite ``sm``: SM3, SM2 (GB/T 32918, 35276), SM4-GCM (RFC 8998). JOSE registers no name for them.

The names below are ours (RFC 7515 §4.1.1 lets anybody use collision-resistant ones).
"""

import secrets
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel.crypto import sm2
from yidaitong.kernel.crypto.errors import JoseError, SealBrokenError, SuiteUnavailableError
from yidaitong.kernel.crypto.libcrypto import LibraryMissingError
from yidaitong.kernel.crypto.provider import (
    NONCE_BYTES,
    TAG_BYTES,
    Curves,
    KeyRecord,
    Wrapped,
)

# Wire format: append only.
SIGN: Final = "https://yidaitong.example/jose/sm2-sm3/v1"
WRAP: Final = "https://yidaitong.example/jose/sm2-c1c3c2/v1"
ENC: Final = "https://yidaitong.example/jose/sm4-gcm/v1"
CURVE: Final = "SM2"
_DEK_INFO: Final = "ydt/1/sm/wrap/dek"
_HALF: Final = 32


class Sm:
    """The suite of the Chinese standards: SM2 from the system's libcrypto, if it has it.

    For development and tests: an assessed deployment signs and unwraps in a certified module
    behind the same interface.
    """

    suite: Final = "sm"
    byte: Final = b"\x02"
    key_bytes: Final = 16
    enc: Final = ENC
    curves: Final[Curves] = {("EC", CURVE): {"sig": SIGN, "enc": WRAP}}
    wrap_header: Final[Mapping[str, type]] = {}

    def require(self) -> None:
        """Load and test SM2, once.

        Raises:
            SuiteUnavailableError: this computer cannot do it.
        """
        self._sm2()

    def reads(self, alg: str) -> frozenset[str]:
        """One name each."""
        return frozenset({alg})

    def load(self, jwk: Mapping[str, str]) -> sm2.Key:
        """The key of a JWK: kty EC, crv SM2. Needs no library.

        Raises:
            ValueError: not on the curve, or no private number.
        """
        point = b"\x04" + b64u_decode(jwk["x"]) + b64u_decode(jwk["y"])
        secret = b64u_decode(jwk["d"]) if "d" in jwk else None
        if secret is not None and len(secret) != sm2.SECRET_BYTES:
            raise ValueError("not 32 bytes")
        return sm2.Key(point, secret)

    def generate(self, crv: str) -> dict[str, str]:
        """A fresh private JWK.

        Raises:
            SuiteUnavailableError: this computer cannot do SM2.
        """
        made = self._sm2().generate()
        x, y = made.point[1 : 1 + _HALF], made.point[1 + _HALF :]
        return {"kty": "EC", "crv": crv, "x": b64u(x), "y": b64u(y), "d": b64u(made.secret or b"")}

    def digest(self, data: bytes) -> bytes:
        """SM3."""
        hashing = hashes.Hash(hashes.SM3())
        hashing.update(data)
        return hashing.finalize()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SM3."""
        mac = hmac.HMAC(key, hashes.SM3())
        mac.update(data)
        return mac.finalize()

    def kdf(self, key: bytes, info: str, length: int) -> bytes:
        """HKDF-SM3."""
        return HKDF(hashes.SM3(), length, salt=None, info=info.encode()).derive(key)

    def sign(self, key: KeyRecord, data: bytes) -> bytes:
        """SM2 with SM3, DER r, s."""
        return self._sm2().sign(key.key, data)

    def verify(self, key: KeyRecord, data: bytes, signature: bytes) -> None:
        """Refuse all but a signature of ``key``.

        Raises:
            JoseError: ``jws.signature``.
            SuiteUnavailableError: this computer cannot do SM2.
        """
        engine = self._sm2()
        try:
            engine.verify(key.key, data, signature)
        except sm2.Sm2Error as error:
            raise JoseError("jws.signature", "signature is not valid") from error

    def wrap(self, recipient: KeyRecord, cek: bytes) -> Wrapped:
        """SM2 encryption of the content key, C1C3C2 in DER."""
        return Wrapped(self._sm2().encrypt(recipient.key, cek))

    def unwrap(self, key: KeyRecord, wrapped: Wrapped) -> bytes:
        """The content key.

        Raises:
            JoseError: ``jwe.decrypt``.
            SuiteUnavailableError: this computer cannot do SM2.
        """
        engine = self._sm2()
        try:
            return engine.decrypt(key.key, wrapped.encrypted, self.key_bytes)
        except sm2.Sm2Error as error:
            raise JoseError("jwe.decrypt", "the content key does not unwrap") from error

    def seal(self, key: bytes, plaintext: bytes, aad: bytes, head: bytes = b"") -> bytes:
        """SM4-GCM, 96-bit nonce, 128-bit tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealing = Cipher(SM4(key), GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(aad)
        return head + nonce + sealing.update(plaintext) + sealing.finalize() + sealing.tag

    def open(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """The plaintext; nothing of it where the tag is wrong.

        Raises:
            SealBrokenError: altered, or under another key.
        """
        nonce, body, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
        try:
            opening = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
            opening.authenticate_additional_data(aad)
            return opening.update(body) + opening.finalize()
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError("does not open") from error

    def wrap_dek(self, kek: bytes, dek_id: bytes, dek: bytes) -> bytes:
        """SM4-GCM under a key derived from the one above; the id of the data key is bound."""
        return self.seal(self.kdf(kek, _DEK_INFO, self.key_bytes), dek, dek_id)

    def unwrap_dek(self, kek: bytes, dek_id: bytes, wrapped: bytes) -> bytes:
        """The data key.

        Raises:
            SealBrokenError: altered, of another id, or under another key.
        """
        return self.open(self.kdf(kek, _DEK_INFO, self.key_bytes), wrapped, dek_id)

    def _sm2(self) -> sm2.Sm2:
        try:
            return sm2.engine()
        except LibraryMissingError as error:
            raise SuiteUnavailableError(self.suite, str(error)) from error


PROVIDER = Sm()
