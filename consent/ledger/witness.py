"""A witness: cosigns heads that continue those it saw before (C2SP tlog-witness).

Persist, then sign: a head this witness has signed is on its disk, whatever kills it, so it can
never sign a second history. Killed between the two it answers 409 with the size it holds, and the
log asks again from there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from consent.ledger.checkpoint import Checkpoint, is_possible, parse_checkpoint
from consent.ledger.cosigning import Cosigner
from consent.ledger.errors import NoteError, ProofError
from consent.ledger.merkle import HASH_BYTES, verify_consistency
from consent.ledger.note import Note, VKey, read_note, verify_note
from consent.ledger.parsing import read_base64, read_decimal, read_utf8, write_base64
from consent.ledger.prooftext import MAX_HASHES
from consent.ledger.signatures import verifier_of
from consent.ledger.witnessfiles import FileStore, Slot

MAX_BODY: Final = 128 * 1024
SIZE_TYPE: Final = "text/x.tlog.size"
_TEXT_TYPE: Final = "text/plain; charset=utf-8"

Answer = tuple[int, Mapping[str, str], bytes]


def _go_on(_step: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Whom it watches and what it signs with; ``now`` gives seconds of UTC.

    ``after`` is told ``persisted`` before anything is signed.
    """

    logs: tuple[VKey, ...]
    cosigners: tuple[Cosigner, ...]
    now: Callable[[], int]
    after: Callable[[str], None] = field(default=_go_on)

    def keys_of(self, origin: str) -> list[VKey]:
        """The trusted keys of one log; none where it is not watched."""
        return [key for key in self.logs if key.name == origin]


@dataclass(frozen=True, slots=True)
class _Asked:
    old: int
    proof: tuple[bytes, ...]
    data: bytes
    note: Note
    head: Checkpoint


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, text: str = "", kind: str = _TEXT_TYPE) -> None:
        super().__init__(status)
        self.answer: Answer = (status.value, {"Content-Type": kind}, text.encode())


def add_checkpoint(body: bytes, store: FileStore, witness: Witness) -> Answer:
    """Judge one ``add-checkpoint`` request, in the order of its rules; status, headers, body."""
    try:
        asked = _read(body)
        _check_signatures(asked, witness)
        _check_order(asked)
        with store.locked(asked.head.origin) as slot:
            return _cosign(asked, slot, witness)
    except _RefusedError as refused:
        return refused.answer


def last_cosigned(name: str, store: FileStore) -> Answer:
    """The last head cosigned for the log whose origin has the lowercase SHA-256 ``name``."""
    data = store.cosigned(name)
    if data is None:
        return HTTPStatus.NOT_FOUND.value, {"Content-Type": _TEXT_TYPE}, b""
    return HTTPStatus.OK.value, {"Content-Type": _TEXT_TYPE}, data


def write_request(old: int, proof: list[bytes], note: str) -> bytes:
    """The body a log sends."""
    lines = [f"old {old}", *(write_base64(one) for one in proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def _read(body: bytes) -> _Asked:
    if len(body) > MAX_BODY:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "too long\n")
    try:
        return _parse(body)
    except NoteError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, f"{error}\n") from error


def _parse(body: bytes) -> _Asked:
    text = read_utf8(body, NoteError)
    first, blank, told = text.partition("\n\n")
    lines = first.split("\n")
    if not blank or not lines[0].startswith("old ") or len(lines) > MAX_HASHES + 1:
        raise NoteError("not a request")
    old = read_decimal(lines[0].removeprefix("old "), NoteError)
    proof = tuple(read_base64(line, NoteError) for line in lines[1:])
    if any(len(one) != HASH_BYTES for one in proof):
        raise NoteError("a hash is not 32 bytes")
    note = read_note(told.encode())
    return _Asked(old, proof, told.encode(), note, parse_checkpoint(note.text))


def _check_signatures(asked: _Asked, witness: Witness) -> None:
    keys = witness.keys_of(asked.head.origin)
    if not keys:
        raise _RefusedError(HTTPStatus.NOT_FOUND, "a log that is not watched here\n")
    try:
        verify_note(asked.note, [verifier_of(key) for key in keys])
    except NoteError as error:
        raise _RefusedError(HTTPStatus.FORBIDDEN, f"{error}\n") from error


def _check_order(asked: _Asked) -> None:
    if asked.old > asked.head.size:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "old is above the size\n")


def _cosign(asked: _Asked, slot: Slot, witness: Witness) -> Answer:
    """Under the lock: what is stored cannot change between the check and the signature."""
    if not is_possible(asked.head):
        raise _contradicts(asked, slot, "an empty log with a root\n")
    stored = slot.head()
    size = 0 if stored is None else stored.size
    if asked.old != size:
        raise _RefusedError(HTTPStatus.CONFLICT, f"{size}\n", SIZE_TYPE)
    try:
        _check_growth(asked, stored)
    except ProofError as error:
        raise _contradicts(asked, slot, f"{error}\n") from error
    if stored is None or asked.head.size > size:
        slot.save(asked.data)
    witness.after("persisted")
    moment = witness.now()
    lines = "".join(one.line(asked.note.text, moment) for one in witness.cosigners).encode()
    slot.serve(asked.data + lines)
    return HTTPStatus.OK.value, {"Content-Type": _TEXT_TYPE}, lines


def _check_growth(asked: _Asked, stored: Checkpoint | None) -> None:
    if stored is None or stored.size == 0:
        # From nothing, any log is a growth, and no proof can say more.
        if asked.proof:
            raise ProofError("a proof from nothing")
        return
    head = asked.head
    verify_consistency(stored.size, head.size, asked.proof, stored.root, head.root)


def _contradicts(asked: _Asked, slot: Slot, why: str) -> _RefusedError:
    """Signed by the log and yet no continuation: what proves that it forked is kept."""
    slot.keep_evidence(asked.data)
    return _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, why)
