"""Call the banks' API with nothing of ours: URL CLIENT-ID ED25519.jwk METHOD PATH [BODY]."""  # noqa: INP001 - a script to copy

import base64
import hashlib
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import requests
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from joserfc import jwk, jwt

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token(base_url: str, client_id: str, key: Any) -> str:
    """Ten minutes' access, for an assertion that is valid once and for one minute."""
    url, now = f"{base_url}/api/oauth/token", int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": url, "iat": now, "exp": now + 60}
    head = {"alg": "EdDSA", "typ": "JWT", "kid": key.thumbprint()}
    assertion = jwt.encode(head, claims | {"jti": secrets.token_hex(16)}, key, algorithms=["EdDSA"])
    form = {"grant_type": "client_credentials", "client_assertion": assertion}
    answer = requests.post(url, {**form, "client_assertion_type": ASSERTION}, timeout=30)
    return str(answer.json()["access_token"])


def sign(request: requests.PreparedRequest, key: Any) -> None:
    """Sign one request (RFC 9421); a repeat is another request with another nonce."""

    class Keys(HTTPSignatureKeyResolver):
        resolve_private_key = staticmethod(lambda _kid: key.private_key)  # type: ignore[assignment]
        resolve_public_key = None  # type: ignore[assignment]

    covered = ["@method", "@target-uri", "authorization"]
    if isinstance(request.body, bytes):
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        request.headers["Content-Digest"] = f"sha-256=:{digest}:"
    covered += [name for name in ("content-digest", "idempotency-key") if name in request.headers]
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Keys()).sign(
        request, key_id=key.thumbprint(), nonce=secrets.token_hex(16), tag="ydt-bank",
        include_alg=False, covered_component_ids=covered, use_existing_digest=bool(request.body),
    )  # fmt: skip


if __name__ == "__main__":
    base_url, client_id, file, method, path = sys.argv[1:6]
    key = jwk.import_key(json.loads(Path(file).read_text(encoding="utf-8")))
    headers = {"Authorization": f"Bearer {token(base_url, client_id, key)}"}
    body = Path(sys.argv[6]).read_bytes() if len(sys.argv) > 6 else None  # noqa: PLR2004 - an argument
    if body is not None:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
    call = requests.Request(method, f"{base_url}{path}", headers=headers, data=body).prepare()
    sign(call, key)
    print(requests.Session().send(call, timeout=30).text)  # noqa: T201 - what it is for
