"""What a witness signs about a head (C2SP tlog-cosignature). Pure; keys come from outside."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from consent.ledger.checkpoint import read_checkpoint
from consent.ledger.errors import NoteError
from consent.ledger.note import KeyKind, VKey, read_note, write_line

TIME_BYTES: Final = 8
MAX_TIME: Final = 2**63


def cosignature_message(time: int, text: bytes) -> bytes:
    """What an Ed25519 cosigner signs about the whole text of a note."""
    return b"cosignature/v1\ntime %d\n" % time + text


def subtree_message(name: str, time: int, text: bytes) -> bytes:
    """What an ML-DSA-44 cosigner signs about a checkpoint."""
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


@dataclass(frozen=True, slots=True)
class Cosigner:
    """One key of a witness; ``sign`` reaches it wherever it is kept."""

    vkey: VKey
    sign: Callable[[bytes], bytes] = field(repr=False)

    def line(self, text: str, time: int) -> str:
        """The signature line under a head; ``time`` in seconds of UTC says when it was seen."""
        data = text.encode()
        if self.vkey.kind is KeyKind.ML_DSA_44:
            message = subtree_message(self.vkey.name, time, data)
        else:
            message = cosignature_message(time, data)
        return write_line(self.vkey, time.to_bytes(TIME_BYTES, "big") + self.sign(message))


def time_of(line: str) -> int:
    """The time in a cosignature line, seconds of UTC.

    Raises:
        NoteError: not a cosignature line.
    """
    signature = read_note(b"-\n\n" + line.encode()).lines[0].signature
    time = int.from_bytes(signature[:TIME_BYTES], "big")
    if len(signature) <= TIME_BYTES or not 0 < time < MAX_TIME:
        raise NoteError("no time")
    return time
