"""Signed HTTP messages (RFC 9421) in one fixed profile, and digests of bodies (RFC 9530).

Nothing is negotiated: one signature, four parameters, two derived components, header fields by
their bare names. Whoever writes it otherwise is refused before any key is touched.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from yidaitong.kernel.crypto.errors import SignatureInvalidError
from yidaitong.kernel.crypto.keys import PublicKey

METHOD: Final = "@method"
TARGET: Final = "@target-uri"
DERIVED: Final = frozenset({METHOD, TARGET})
PARAMETERS: Final = frozenset({"created", "keyid", "nonce", "tag"})
MAX_INPUT: Final = 1024
MAX_SIGNATURE: Final = 256
MAX_DIGEST: Final = 128
MAX_COMPONENTS: Final = 12
NONCE: Final = range(16, 65)
_SIGNATURE_BYTES: Final = 64  # Ed25519 (RFC 8032 §5.1.6) and ES256 as r || s (RFC 9421 §3.3.4).
_HALF: Final = _SIGNATURE_BYTES // 2

# Structured fields (RFC 8941) as a serializer writes them: one spelling, nothing optional.
_LABEL: Final = r"[a-z*][a-z0-9_.*-]{0,31}"
_NAME: Final = r'"@?[a-z][a-z0-9-]{0,63}"'
_PARAMETER: Final = r';(?:created=[1-9][0-9]{0,11}|(?:keyid|nonce|tag)="[ !#-\[\]-~]{1,128}")'
_INPUT: Final = re.compile(
    rf"({_LABEL})=(\(({_NAME}(?: {_NAME}){{0,{MAX_COMPONENTS - 1}}})\)((?:{_PARAMETER}){{4}}))",
    re.ASCII,
)
_SIGNATURE: Final = re.compile(rf"({_LABEL})=:([A-Za-z0-9+/]{{86}}==):", re.ASCII)
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):", re.ASCII)
_ONE: Final = re.compile(r';([a-z]+)=(?:"([^"]*)"|([0-9]+))', re.ASCII)
# Visible signs, with blanks inside: what a header field's value is after its ends are cut.
_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?|", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a message says about its own signature; nothing of it is checked yet.

    ``created`` is in whole seconds since 1970 (UTC); ``parameters`` is the text that was signed.
    """

    components: tuple[str, ...]
    created: int
    nonce: str
    keyid: str
    tag: str
    parameters: str = field(repr=False)
    signature: bytes = field(repr=False)


def read(signature_input: str, signature: str) -> Signed:
    """The one signature of a message, out of its two header fields.

    Raises:
        SignatureInvalidError: none, two, too long, or written outside the profile.
    """
    if len(signature_input) > MAX_INPUT or len(signature) > MAX_SIGNATURE:
        raise SignatureInvalidError("header too long")
    said, proof = _INPUT.fullmatch(signature_input), _SIGNATURE.fullmatch(signature)
    if said is None or proof is None or said[1] != proof[1]:
        raise SignatureInvalidError("not one signature of our profile")
    components = tuple(name.strip('"') for name in said[3].split(" "))
    found = {one[1]: one[2] or one[3] for one in _ONE.finditer(said[4])}
    if found.keys() != PARAMETERS or len(set(components)) != len(components):
        raise SignatureInvalidError("a parameter or a component twice")
    if any(name.startswith("@") and name not in DERIVED for name in components):
        raise SignatureInvalidError("a derived component outside the profile")
    if len(found["nonce"]) not in NONCE:
        raise SignatureInvalidError("nonce too short or too long")
    return Signed(
        components=components,
        created=int(found["created"]),
        nonce=found["nonce"],
        keyid=found["keyid"],
        tag=found["tag"],
        parameters=said[2],
        signature=_bytes(proof[2]),
    )


def base(signed: Signed, values: Mapping[str, str]) -> bytes:
    """The signature base (RFC 9421 §2.5); ``values`` holds each covered component's value.

    Raises:
        SignatureInvalidError: a covered component is not there, or no plain line of text.
    """
    lines = []
    for name in signed.components:
        value = values.get(name)
        if value is None or _VALUE.fullmatch(value) is None:
            raise SignatureInvalidError(f"component {name}")
        lines.append(f'"{name}": {value}')
    lines.append(f'"@signature-params": {signed.parameters}')
    return "\n".join(lines).encode("ascii")


def check(signed: Signed, values: Mapping[str, str], key: PublicKey) -> None:
    """Check the signature with a pinned key, by the algorithm of the key's record.

    Raises:
        SignatureInvalidError: it is not this key's signature over these values.
    """
    if key.use != "sig":
        raise SignatureInvalidError("not a signing key")
    public, data, proof = key.key.public_key, base(signed, values), signed.signature
    try:
        if isinstance(public, Ed25519PublicKey):
            public.verify(proof, data)
        elif isinstance(public, EllipticCurvePublicKey):
            halves = (int.from_bytes(proof[:_HALF]), int.from_bytes(proof[_HALF:]))
            public.verify(encode_dss_signature(*halves), data, ECDSA(SHA256()))
        else:
            raise SignatureInvalidError("not a signing key")
    except InvalidSignature as error:
        raise SignatureInvalidError("signature is not the key's") from error


def digest_of(body: bytes) -> str:
    """``Content-Digest`` of a body (RFC 9530 §2), as this profile writes it."""
    text = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
    return f"sha-256=:{text}:"


def check_digest(header: str, body: bytes) -> None:
    """Compare ``Content-Digest`` with the exact bytes of the body.

    Raises:
        SignatureInvalidError: another algorithm, another spelling, or another body.
    """
    written = len(header) <= MAX_DIGEST and _DIGEST.fullmatch(header) is not None
    if not written or not hmac.compare_digest(header, digest_of(body)):
        raise SignatureInvalidError("digest is not the body's")


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode("ascii") != text or len(data) != _SIGNATURE_BYTES:
        raise SignatureInvalidError("signature is not canonical base64")
    return data
