"""Open a packet with a public JOSE library: open_packet.py FILE BANK.jwk KEYS.jwks ME."""  # noqa: INP001 - a script to copy

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS


def _sha256(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _decrypt(text: str, bank: JWK) -> Any:
    sealed = JWE(algs=["ECDH-ES+A256KW", "A256GCM"])  # Nothing else, so no compression either.
    sealed.deserialize(text, bank)
    if json.loads(sealed.objects["protected"])["typ"] != "ydt-delivery+jwe":
        raise ValueError("another kind of message")
    return json.loads(sealed.payload)


def _signed(text: str, typ: str, owner: str, pinned: list[dict[str, str]]) -> Any:
    """What the pinned key of ``owner`` signed; no key ever comes from the message."""
    told = JWS()
    told.allowed_algs = ["EdDSA", "ES256"]
    told.deserialize(text)
    jwk = next(key for key in pinned if key["kid"] == told.jose_header["kid"])
    if told.jose_header["typ"] != typ or jwk["ydt_owner"] != owner or "ydt_revoked" in jwk:
        raise ValueError("another kind of message, or not the owner's key")
    told.verify(JWK(**{name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}))
    return json.loads(told.payload)


def main(packet: str, key: str, keys: str, me: str) -> None:
    """Print what the packet says; anything that does not hold ends with an error."""
    text, bank, jwks = (Path(name).read_text("utf-8").strip() for name in (packet, key, keys))
    pinned = json.loads(jwks)["keys"]
    delivery = _decrypt(text, JWK.from_json(bank))
    body = _signed(delivery["packet"], "ydt-packet+jws", "platform", pinned)
    leaf = json.loads(base64.urlsafe_b64decode(delivery["leaf"] + "=="))
    if body["audience"] != me or leaf["packet_sha256"] != _sha256(delivery["packet"]):
        raise ValueError("for another bank, or recorded as another packet")
    for one in delivery["evidence"]:
        if one["kind"] == "jws":  # Of the others the packet holds the hash.
            answer = _signed(one["answer"], "ydt-answer+jws", one["resource"].split(".")[0], pinned)
            same = _sha256(one["answer"]) == one["answer_sha256"]
            if not same or answer["subject_code"] != body["subject"]["uscc"]:
                raise ValueError("evidence about somebody else")
    sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:5])
