"""Verifying lines under heads: the one place of this package that calls a primitive.

An auditor runs the verifier without the platform, so it cannot get keys' algorithms from above.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from consent.ledger.cosigning import MAX_TIME, TIME_BYTES, cosignature_message, subtree_message
from consent.ledger.errors import NoteError
from consent.ledger.note import KeyKind, NoteVerifier, VKey


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
    Ed25519PublicKey.from_public_bytes(vkey.public).verify(rest, cosignature_message(time, text))


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
    time = int.from_bytes(signature[:TIME_BYTES], "big")
    if len(signature) <= TIME_BYTES or not 0 < time < MAX_TIME:
        raise ValueError("no time")
    return time, signature[TIME_BYTES:]


def verifier_of(vkey: VKey) -> NoteVerifier:
    """The verifier of one key."""
    return _Verifier(vkey)
