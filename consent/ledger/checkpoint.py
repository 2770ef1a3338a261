"""The signed head: origin, size and root of the log (C2SP tlog-checkpoint)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from consent.ledger.errors import NoteError
from consent.ledger.merkle import EMPTY_ROOT, HASH_BYTES
from consent.ledger.note import NoteVerifier, VKey, read_note, verify_note
from consent.ledger.parsing import read_base64, read_decimal, write_base64

_FIXED_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a head says. Extension lines are tolerated and mean nothing."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{write_base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A checkpoint with the known keys whose lines were verified."""

    checkpoint: Checkpoint
    signed: tuple[VKey, ...]


def read_checkpoint(text: str) -> Checkpoint:
    """The head a note's text says.

    Raises:
        NoteError: not a checkpoint, or an empty log with another root than that of no leaf.
    """
    found = parse_checkpoint(text)
    if not is_possible(found):
        raise NoteError("an empty log with a root")
    return found


def is_possible(head: Checkpoint) -> bool:
    """Whether there can be such a log: an empty one has one root only."""
    return head.size > 0 or head.root == EMPTY_ROOT


def parse_checkpoint(text: str) -> Checkpoint:
    """As :func:`read_checkpoint`, without judging the root.

    Raises:
        NoteError: not a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) <= _FIXED_LINES or lines.pop() != "" or "" in lines:
        raise NoteError("not a checkpoint")
    root = read_base64(lines[2], NoteError)
    if len(root) != HASH_BYTES:
        raise NoteError("a root that is not 32 bytes")
    return Checkpoint(lines[0], read_decimal(lines[1], NoteError), root)


def open_checkpoint(data: bytes, verifiers: Iterable[NoteVerifier]) -> SignedHead:
    """Read a head and verify its lines; the log itself, under its origin, is among the signers.

    Raises:
        NoteError: not a checkpoint, or not signed as it must be.
    """
    note = read_note(data)
    signed = verify_note(note, verifiers)
    checkpoint = read_checkpoint(note.text)
    if checkpoint.origin not in {key.name for key in signed}:
        raise NoteError("not signed by the log itself", check="note.signature")
    return SignedHead(checkpoint, tuple(signed))
