"""What a witness remembers, as files: the last head of each log, what it cosigned, evidence."""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consent.ledger.checkpoint import Checkpoint, read_checkpoint
from consent.ledger.durable import read_if_there, write_durably
from consent.ledger.note import read_note

# Evidence comes from a log that signs two histories: a few notes prove it as well as many.
MAX_EVIDENCE: Final = 1000
_NAME: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEAD: Final = "head"
_COSIGNED: Final = "checkpoint"


@dataclass(frozen=True, slots=True)
class Slot:
    """One log's files, while nobody else may touch them."""

    folder: Path

    def head(self) -> Checkpoint | None:
        """The newest head persisted; None before the first.

        Raises:
            NoteError: the file is damaged: this witness must not sign.
        """
        data = read_if_there(self.folder / _HEAD)
        return None if data is None else read_checkpoint(read_note(data).text)

    def save(self, note: bytes) -> None:
        """Make ``note`` the newest head, durably."""
        write_durably(self.folder / _HEAD, note)

    def serve(self, note: bytes) -> None:
        """Show ``note``, with our lines, to whoever asks."""
        write_durably(self.folder / _COSIGNED, note)

    def keep_evidence(self, note: bytes) -> None:
        """Keep a signed head that contradicts an earlier one."""
        folder = self.folder / "evidence"
        file = folder / f"{hashlib.sha256(note).hexdigest()}.note"
        if not file.exists() and len(list(folder.glob("*.note"))) < MAX_EVIDENCE:
            write_durably(file, note)


@dataclass(frozen=True, slots=True)
class FileStore:
    """A folder for all logs a witness watches; safe for several processes and threads."""

    folder: Path

    @contextmanager
    def locked(self, origin: str) -> Iterator[Slot]:
        """The files of one log, alone; the kernel gives a dead process's lock back."""
        folder = self.folder / hashlib.sha256(origin.encode()).hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        # Its own descriptor each time: threads exclude each other too.
        descriptor = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Slot(folder)
        finally:
            os.close(descriptor)

    def cosigned(self, name: str) -> bytes | None:
        """The last head cosigned for the log of that name; None where there is none."""
        if _NAME.fullmatch(name) is None:
            return None
        return read_if_there(self.folder / name / _COSIGNED)
