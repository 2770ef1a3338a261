"""Signed notes and verifier keys (C2SP signed-note); keys themselves come from outside."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Protocol

from consent.ledger.errors import NoteError, PolicyError
from consent.ledger.parsing import read_base64, read_utf8, write_base64

MAX_BYTES: Final = 256 * 1024
MAX_LINES: Final = 32
_DASH: Final = "— "  # U+2014
_ID_BYTES: Final = 4
_HEX: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)
_NOTE_BLANK: Final = "\n\n"


# Wire format: append only.
class KeyKind(IntEnum):
    """The byte that says what a key signs with."""

    ED25519 = 0x01
    COSIGNATURE = 0x04
    ML_DSA_44 = 0x06
    # Ours, in the place C2SP leaves for such: its public part starts with SM2_LABEL.
    SM2 = 0xFF


SM2_LABEL: Final = b"ydt-sm2-sm3/v1"
# Kinds a checker may be given; a line of another kind is one of an unknown key, and skipped.
_KEY_BYTES: Final = {KeyKind.ED25519: 32, KeyKind.COSIGNATURE: 32, KeyKind.ML_DSA_44: 1312}


def is_name(name: str) -> bool:
    """Whether a key may be called this."""
    return bool(name) and "+" not in name and not any(sign.isspace() for sign in name)


@dataclass(frozen=True, slots=True)
class VKey:
    """A public key with its name, as verifiers are given it."""

    name: str
    kind: KeyKind
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of the hash over name, kind and key."""
        told = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(told).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        key = write_base64(bytes([self.kind]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{key}"


def read_vkey(text: str) -> VKey:
    """Read ``NAME+ID+KEY``; the id is computed again and compared.

    Raises:
        PolicyError: not a verifier key, or of a kind we do not know.
    """
    parts = text.split("+", 2)  # Base64 may hold more of them.
    if any("\ud800" <= sign <= "\udfff" for sign in parts[0]):
        raise PolicyError("a name that is not UTF-8")
    if len(parts) != 3 or not is_name(parts[0]) or _HEX.fullmatch(parts[1]) is None:  # noqa: PLR2004 - name, id, key
        raise PolicyError("not a verifier key")
    data = read_base64(parts[2], PolicyError)
    if not data or data[0] not in _KEY_BYTES:
        raise PolicyError("a kind of key we do not know")
    key = VKey(parts[0], KeyKind(data[0]), data[1:])
    if len(key.public) != _KEY_BYTES[key.kind] or key.key_id.hex() != parts[1]:
        raise PolicyError("a verifier key that is not of its form")
    return key


class NoteVerifier(Protocol):
    """Checks the lines of one key."""

    @property
    def vkey(self) -> VKey:
        """Whose lines these are."""

    def verify(self, text: bytes, signature: bytes) -> None:
        """Refuse with :class:`NoteError` unless the key signed ``text``."""


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A key of the log, mostly Ed25519; ``sign`` reaches it wherever it is kept."""

    name: str
    public: bytes
    sign: Callable[[bytes], bytes] = field(repr=False)
    kind: KeyKind = KeyKind.ED25519

    @property
    def vkey(self) -> VKey:
        """What verifiers are given."""
        return VKey(self.name, self.kind, self.public)

    def line(self, text: str) -> str:
        """Our signature line under ``text``."""
        return write_line(self.vkey, self.sign(text.encode()))

    def note(self, text: str) -> str:
        """``text`` as a note with our line."""
        return text + "\n" + self.line(text)


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line under a note."""

    name: str
    key_id: bytes
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read; nothing about it is verified yet."""

    text: str
    lines: tuple[SignatureLine, ...]


def write_line(vkey: VKey, signature: bytes) -> str:
    """One signature line with its LF."""
    return f"{_DASH}{vkey.name} {write_base64(vkey.key_id + signature)}\n"


def read_note(data: bytes) -> Note:
    """Split a note into its text and its lines.

    Raises:
        NoteError: not a note, or beyond the caps (256 KiB, 32 lines).
    """
    if len(data) > MAX_BYTES:
        raise NoteError("too long")
    whole = read_utf8(data, NoteError)
    # The text may hold empty lines itself: the last one ends it.
    text, blank, signatures = whole.rpartition(_NOTE_BLANK)
    if not blank or not text or not signatures.endswith("\n"):
        raise NoteError("no signature lines")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise NoteError("too many lines")
    return Note(text + "\n", tuple(_read_line(line) for line in lines))


def _read_line(line: str) -> SignatureLine:
    name, blank, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not blank or not is_name(name):
        raise NoteError("not a signature line")
    data = read_base64(encoded, NoteError)
    if len(data) <= _ID_BYTES:
        raise NoteError("an empty signature")
    return SignatureLine(name, data[:_ID_BYTES], data[_ID_BYTES:])


def verify_note(note: Note, verifiers: Iterable[NoteVerifier]) -> list[VKey]:
    """The known keys that signed; lines of unknown keys are skipped.

    Raises:
        NoteError: a line of a known key is wrong, or no known key signed.
    """
    known: dict[tuple[str, bytes], NoteVerifier] = {}
    for one in verifiers:
        if known.setdefault((one.vkey.name, one.vkey.key_id), one).vkey != one.vkey:
            raise NoteError("two known keys with one id", check="note.signature")
    signed = []
    for line in note.lines:
        verifier = known.get((line.name, line.key_id))
        if verifier is not None:
            verifier.verify(note.text.encode(), line.signature)
            signed.append(verifier.vkey)
    if not signed:
        raise NoteError("no known key signed", check="note.signature")
    return signed
