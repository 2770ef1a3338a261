"""Goals 8, 9 and 12: signing, sealing and field encryption beside the bare algorithms."""

import os
import secrets
from collections.abc import Callable
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tests.bench.measuring import Round, cpu_rate, ratio
from yidaitong.kernel.crypto import envelope, jwe, jws, suites
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of
from yidaitong.kernel.crypto.uses import DekKind, Place
from yidaitong.packets.composing import PACKET_TYP
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP

SIZE: Final = 20_000
PAYLOAD: Final = os.urandom(SIZE // 2).hex().encode()
_BURST: Final = 20
_ID: Final = UUID(int=7)
PLACE: Final = Place(kind=DekKind.DATA, owner_id=_ID, table="packet", column="content", row_id=_ID)
_ES256: Final = ec.ECDSA(hashes.SHA256())
_HPKE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
Act = Callable[[], object]


def signed(curve: str) -> Round:
    """JWS beside the bare signature of the same bytes."""
    key = PrivateKey.read(generate(curve, use="sig"))
    return _beside(lambda: jws.sign(key, PACKET_TYP, PAYLOAD), _bare(curve)[0])


def verified(curve: str) -> Round:
    """Checking a JWS beside the bare verification."""
    jwk = generate(curve, use="sig")
    text = jws.sign(PrivateKey.read(jwk), PACKET_TYP, PAYLOAD)
    keys = KeySet.of(PublicKey.read(public_of(jwk)))
    return _beside(lambda: jws.verify(text, typ=PACKET_TYP, keys=keys), _bare(curve)[1])


def sealed() -> Round:
    """Sign and encrypt beside Ed25519, an X25519 key, its exchange, and AES-256-GCM."""
    key, bank = PrivateKey.read(generate("Ed25519")), PublicKey.read(public_of(generate("X25519")))
    ours, theirs = Ed25519PrivateKey.generate(), X25519PrivateKey.generate().public_key()

    def packet() -> object:
        text = jws.sign(key, PACKET_TYP, PAYLOAD)
        return jwe.encrypt(bank, text.encode(), DELIVERY_TYP, DELIVERY_CTY)

    def chain() -> object:
        ours.sign(PAYLOAD)
        shared = X25519PrivateKey.generate().exchange(theirs)
        return AESGCM(shared).encrypt(secrets.token_bytes(12), PAYLOAD, None)

    return _beside(packet, chain)


def opened() -> Round:
    """Decrypt and verify beside a one-shot HPKE opening and Ed25519."""
    jwk, bank = generate("Ed25519"), generate("X25519")
    keys, mine = KeySet.of(PublicKey.read(public_of(jwk))), PrivateKey.read(bank)
    signed_text = jws.sign(PrivateKey.read(jwk), PACKET_TYP, PAYLOAD)
    public = PublicKey.read(public_of(bank))
    text = jwe.encrypt(public, signed_text.encode(), DELIVERY_TYP, DELIVERY_CTY)
    own = X25519PrivateKey.generate()
    boxed = _HPKE.encrypt(PAYLOAD, own.public_key())
    verify = _bare("Ed25519")[1]

    def packet() -> object:
        inside = jwe.decrypt(mine, text, typ=DELIVERY_TYP, cty=DELIVERY_CTY).decode()
        return jws.verify(inside, typ=PACKET_TYP, keys=keys)

    def chain() -> object:
        verify()
        return _HPKE.decrypt(boxed, own)

    return _beside(packet, chain)


def enveloped() -> Round:
    """A field under a fresh data key, wrapped as the product wraps it, beside one at hand."""
    kek, cached = secrets.token_bytes(32), AESGCM(secrets.token_bytes(32))
    suite = suites.of("intl")

    def field() -> object:
        key = secrets.token_bytes(32)
        suite.wrap_dek(kek, _ID.bytes, key)
        return envelope.seal(key, _ID, PLACE, PAYLOAD)

    return _beside(field, lambda: cached.encrypt(secrets.token_bytes(12), PAYLOAD, None))


def _bare(curve: str) -> tuple[Act, Act]:
    """Signing and verifying the payload with nothing around it."""
    if curve == "P-256":
        key = ec.generate_private_key(ec.SECP256R1())
        signature = key.sign(PAYLOAD, _ES256)
        public = key.public_key()
        return (
            lambda: key.sign(PAYLOAD, _ES256),
            lambda: public.verify(signature, PAYLOAD, _ES256),
        )
    edwards = Ed25519PrivateKey.generate()
    made, point = edwards.sign(PAYLOAD), edwards.public_key()
    return (lambda: edwards.sign(PAYLOAD), lambda: point.verify(made, PAYLOAD))


def _beside(ours: Act, floor: Act) -> Round:
    return ratio(cpu_rate(_burst(ours)), cpu_rate(_burst(floor)))


def _burst(act: Act) -> Callable[[], int]:
    def run() -> int:
        for _ in range(_BURST):
            act()
        return _BURST

    return run
