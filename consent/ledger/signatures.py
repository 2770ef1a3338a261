"""Verifying lines under heads: the one place of this package that calls a primitive.

An auditor runs the verifier without the platform, so it cannot get keys' algorithms from above.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from consent.ledger.checkpoint import read_checkpoint
from consent.ledger.errors import NoteError
from consent.ledger.note import KeyKind, NoteVerifier, VKey

_TIME_BYTES: Final = 8
_MAX_TIME: Final = 2**63


@dataclass(frozen=True, slots=True)
class _Verifier:
    vkey: VKey

    def verify(self, text: bytes, signature: bytes) -> None:
        """Refuse unless the key signed ``text``, or for a witness cosigned it.

        Raises:
            NoteError: it did not.
        """
        try:
            _CHECKS[self.vkey.kind](self.vkey, text, signature)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
            raise NoteError(f"line of {self.vkey.name}", check="note.signature") from error


def _check_note(vkey: VKey, text: bytes, signature: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(vkey.public).verify(signature, text)


def _check_cosignature(vkey: VKey, text: bytes, signature: bytes) -> None:
    time, rest = _timed(signature)
    signed = b"cosignature/v1\ntime %d\n" % time + text
    Ed25519PublicKey.from_public_bytes(vkey.public).verify(rest, signed)


def _check_subtree(vkey: VKey, text: bytes, signature: bytes) -> None:
    time, rest = _timed(signature)
    signed = subtree_message(vkey.name, time, text)
    MLDSA44PublicKey.from_public_bytes(vkey.public).verify(rest, signed)


_CHECKS: Final[Mapping[KeyKind, Callable[[VKey, bytes, bytes], None]]] = {
    KeyKind.ED25519: _check_note,
    KeyKind.COSIGNATURE: _check_cosignature,
    KeyKind.ML_DSA_44: _check_subtree,
}


def _timed(signature: bytes) -> tuple[int, bytes]:
    time = int.from_bytes(signature[:_TIME_BYTES], "big")
    if len(signature) <= _TIME_BYTES or not 0 < time < _MAX_TIME:
        raise ValueError("no time")
    return time, signature[_TIME_BYTES:]


def subtree_message(name: str, time: int, text: bytes) -> bytes:
    """What an ML-DSA-44 cosigner signs about a checkpoint (C2SP tlog-cosignature)."""
    head = read_checkpoint(text.decode())
    told, origin = name.encode(), head.origin.encode()
    return b"".join(
        (
            b"subtree/v1\n\x00",
            bytes([len(told)]) + told,
            struct.pack(">Q", time),
            bytes([len(origin)]) + origin,
            struct.pack(">QQ", 0, head.size),
            head.root,
        )
    )


def verifier_of(vkey: VKey) -> NoteVerifier:
    """The verifier of one key."""
    return _Verifier(vkey)
