"""The keys of a witness: made and read as one small private file; independent of our own keys."""

import json
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from consent.encoding import b64u, b64u_decode
from consent.ledger.cosigning import Cosigner
from consent.ledger.note import KeyKind, VKey, is_name
from yidaitong.kernel.errors import InvalidRequestError

_ED25519: Final = "ed25519"
_ML_DSA_44: Final = "ml_dsa_44"
_SEED_BYTES: Final = 32


def make(name: str, *, post_quantum: bool) -> str:
    """The text of a new key file; ``post_quantum`` adds an ML-DSA-44 key of the same name.

    Raises:
        InvalidRequestError: no witness may be called this.
    """
    if not is_name(name):
        raise InvalidRequestError("name", fields={"name": "NOT_A_NAME"})
    told = {"name": name, _ED25519: b64u(Ed25519PrivateKey.generate().private_bytes_raw())}
    if post_quantum:
        told[_ML_DSA_44] = b64u(MLDSA44PrivateKey.generate().private_bytes_raw())
    return json.dumps(told, indent=1) + "\n"


def read(text: str) -> tuple[Cosigner, ...]:
    """The keys of a file.

    Raises:
        InvalidRequestError: not a key file.
    """
    try:
        told: dict[str, Any] = json.loads(text)
        name = str(told["name"])
        found = [_ed25519(name, _seed(told[_ED25519]))]
        if _ML_DSA_44 in told:
            found.append(_ml_dsa_44(name, _seed(told[_ML_DSA_44])))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequestError("not a witness's key file") from error
    return tuple(found)


def _seed(told: Any) -> bytes:
    seed = b64u_decode(str(told))
    if len(seed) != _SEED_BYTES:
        raise ValueError("not 32 bytes")
    return seed


def _ed25519(name: str, seed: bytes) -> Cosigner:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    return Cosigner(VKey(name, KeyKind.COSIGNATURE, public), key.sign)


def _ml_dsa_44(name: str, seed: bytes) -> Cosigner:
    key = MLDSA44PrivateKey.from_seed_bytes(seed)
    public = key.public_key().public_bytes_raw()
    return Cosigner(VKey(name, KeyKind.ML_DSA_44, public), key.sign)
