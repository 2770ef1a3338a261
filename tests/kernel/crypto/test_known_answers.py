"""Answers printed in the RFCs themselves: whoever speaks JOSE understands us, and we them."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from joserfc import jwe as library
from joserfc.jwk import OctKey

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel.crypto import jwe, jws, suites
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, thumbprint

_FILE = Path(__file__).parents[2] / "vectors" / "jose" / "rfc.json"
VECTORS: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))


def check_signature(text: str, key: PublicKey) -> None:
    """The bare signature of a JWS whose header is not one of ours."""
    told, _, signature = text.rpartition(".")
    suites.of(key.suite).verify(key, told.encode(), b64u_decode(signature))


@pytest.mark.parametrize("case", VECTORS["rfc8032"])
def test_ed25519_of_rfc_8032(case: dict[str, str]) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["secret"]))
    message = bytes.fromhex(case["message"])

    assert key.public_key().public_bytes_raw().hex() == case["public"]
    assert key.sign(message).hex() == case["signature"]


def test_our_jws_is_plain_ed25519_over_the_signing_input() -> None:
    jwk = VECTORS["rfc8037"]["jwk"]
    text = jws.sign(PrivateKey.read(jwk), "x+jws", b"payload")

    told, _, signature = text.rpartition(".")
    raw = Ed25519PrivateKey.from_private_bytes(b64u_decode(jwk["d"]))
    assert b64u(raw.sign(told.encode())) == signature


@pytest.mark.parametrize("name", ["rfc8037", "rfc7638"])
def test_thumbprints(name: str) -> None:
    assert thumbprint(VECTORS[name]["jwk"]) == VECTORS[name]["thumbprint"]


@pytest.mark.parametrize(("name", "use"), [("rfc8037", "sig"), ("rfc7515_a3", "sig")])
def test_signatures_of_the_rfcs_verify(name: str, use: str) -> None:
    jwk = {member: VECTORS[name]["jwk"][member] for member in VECTORS[name]["jwk"] if member != "d"}
    key = PublicKey.read(jwk, use=use)
    text = VECTORS[name]["jws"]

    check_signature(text, key)
    with pytest.raises(JoseError, match=r"jws\.signature|not valid"):
        check_signature(text[:-4] + "AAAA", key)


@pytest.mark.parametrize("name", ["rfc8037", "rfc7515_a1", "rfc7515_a3", "rfc7515_a5"])
def test_their_headers_are_not_ours(name: str) -> None:
    with pytest.raises(JoseError) as refused:
        jws.verify(VECTORS[name]["jws"], typ="JWT", keys=KeySet.of())

    assert refused.value.reason == "jws.header"


def test_jwe_of_rfc_7516_is_read_by_the_library_and_refused_by_us() -> None:
    case = VECTORS["rfc7516_a3"]
    key = OctKey.import_key(case["jwk"])

    opened = library.decrypt_compact(case["jwe"], key, algorithms=["A128KW", "A128CBC-HS256"])
    assert opened.plaintext == case["plaintext"].encode()
    with pytest.raises(JoseError) as refused:
        jwe.decrypt(PrivateKey.read(generate("X25519")), case["jwe"], typ="t", cty="c")
    assert refused.value.reason == "jwe.header"


def test_key_wrap_of_rfc_3394() -> None:
    kek, key, wrapped = (bytes.fromhex(part) for part in VECTORS["rfc3394_4_6"].values())

    assert aes_key_wrap(kek, key) == wrapped
    assert aes_key_unwrap(kek, wrapped) == key


def test_hkdf_of_rfc_5869() -> None:
    ikm, salt, info, okm = (bytes.fromhex(part) for part in VECTORS["rfc5869_a1"].values())

    made = HKDF(algorithm=hashes.SHA256(), length=len(okm), salt=salt, info=info).derive(ikm)
    assert made == okm
