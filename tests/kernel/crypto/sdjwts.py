"""SD-JWTs for tests: keys, one good text, and disclosures of any shape."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel.crypto import jws, sdjwt
from yidaitong.kernel.crypto.disclosures import Path
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of

TYP = "test+sd-jwt"
JWK, HOLDER = generate("Ed25519"), generate("P-256", use="sig")
KEYS = KeySet.of(PublicKey.read(public_of(JWK)))
KEY = PrivateKey.read(JWK)
sign = partial(jws.sign, KEY, TYP)
sign_binding = partial(jws.sign, PrivateKey.read(HOLDER), sdjwt.KB_TYP)
SALT = "A" * 22
AT = datetime.fromisoformat("2026-03-02T01:20:04+00:00")
WANTED = sdjwt.Binding(audience="bank-a", nonce="n-1", at=AT, max_age=timedelta(minutes=5))


def everything(_path: Path) -> bool:
    return True


def issued(claims: dict[str, Any], hides: Any = everything, **options: Any) -> str:
    return sdjwt.issue(sign, claims, hides, **options)


def verified(text: str, **options: Any) -> sdjwt.Verified:
    return sdjwt.verify(text, typ=TYP, keys=KEYS, **options)


def disclosure(*said: Any) -> str:
    """A disclosure of whatever is said, salt and all."""
    return b64u(json.dumps(list(said)).encode())


def signed(payload: Any, *disclosures: str) -> str:
    """Whatever payload an issuer signs, with whatever stands beside it."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return sdjwt.join(sign(raw), disclosures)


def payload_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b64u_decode(sdjwt.issued_part(text).split(".")[1]))
    return found
