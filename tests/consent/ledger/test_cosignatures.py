"""Lines of witnesses under heads (C2SP tlog-cosignature)."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.cosigning import subtree_message, time_of
from consent.ledger.errors import NoteError
from consent.ledger.note import (
    KeyKind,
    NoteVerifier,
    VKey,
    read_vkey,
    write_line,
)
from consent.ledger.signatures import verifier_of
from tests.consent.ledger.builders import ORIGIN, a_signer

LOG = a_signer()
HEAD = Checkpoint(ORIGIN, 5, bytes(range(32)))


def ours() -> list[NoteVerifier]:
    return [verifier_of(LOG.vkey)]


def cosigned(kind: KeyKind, moment: int, *, text: str = HEAD.text) -> tuple[bytes, VKey]:
    """A head with a line of a witness over ``text``."""
    stamp = moment.to_bytes(8, "big")
    if kind is KeyKind.COSIGNATURE:
        key = Ed25519PrivateKey.generate()
        vkey = VKey("witness", kind, key.public_key().public_bytes_raw())
        signed = key.sign(f"cosignature/v1\ntime {moment}\n{text}".encode())
    else:
        pq = MLDSA44PrivateKey.generate()
        vkey = VKey("witness", kind, pq.public_key().public_bytes_raw())
        signed = pq.sign(subtree_message("witness", moment, text.encode()))
    line = write_line(vkey, stamp + signed)
    return (LOG.note(HEAD.text) + line).encode(), vkey


@pytest.mark.parametrize("kind", [KeyKind.COSIGNATURE, KeyKind.ML_DSA_44])
class TestCosignatures:
    def test_a_witness_line_verifies(self, kind: KeyKind) -> None:
        note, vkey = cosigned(kind, int(time.time()))

        head = open_checkpoint(note, [*ours(), verifier_of(read_vkey(str(vkey)))])

        assert head.signed == (LOG.vkey, vkey)

    @pytest.mark.parametrize("moment", [0, 2**63])
    def test_times_are_positive_and_below_2_63(self, kind: KeyKind, moment: int) -> None:
        note, vkey = cosigned(kind, moment)

        with pytest.raises(NoteError):
            open_checkpoint(note, [*ours(), verifier_of(vkey)])

    def test_a_line_over_another_head_is_refused(self, kind: KeyKind) -> None:
        other = Checkpoint(ORIGIN, 6, bytes(32)).text
        note, vkey = cosigned(kind, 1, text=other)

        with pytest.raises(NoteError):
            open_checkpoint(note, [*ours(), verifier_of(vkey)])

    def test_a_witness_alone_is_not_the_log(self, kind: KeyKind) -> None:
        note, vkey = cosigned(kind, 1)

        with pytest.raises(NoteError):
            open_checkpoint(note, [verifier_of(vkey)])


class TestTimeOf:
    @pytest.mark.parametrize("signature", [bytes(72), bytes(8), b"\xff" * 72, b"\x01" * 8])
    def test_a_line_without_a_possible_time_is_refused(self, signature: bytes) -> None:
        with pytest.raises(NoteError):
            time_of(write_line(LOG.vkey, signature))

    def test_it_reads_the_eight_bytes(self) -> None:
        assert time_of(write_line(LOG.vkey, (7).to_bytes(8, "big") + bytes(64))) == 7


class TestSubtreeMessage:
    def test_its_bytes_are_those_of_the_text(self) -> None:
        told = subtree_message("w", 7, HEAD.text.encode())

        assert told == b"subtree/v1\n\x00\x01w" + bytes(7) + b"\x07" + bytes([len(ORIGIN)]) + (
            ORIGIN.encode() + bytes(8) + bytes(7) + b"\x05" + bytes(range(32))
        )
