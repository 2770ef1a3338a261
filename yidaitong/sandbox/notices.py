"""Notices as their receivers take them: ours, to them, once; the same answer to every copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.kernel.strictjson import StrictJsonError, parse_object
from yidaitong.notices.wire import (
    MAX_NOTICE_BYTES,
    MEMBERS,
    NOTICE_TYP,
    NOTICE_VERSION,
    ack_payload,
    notice_sha256,
)
from yidaitong.sandbox.keys import platform_keys


class NoticeRefusedError(Exception):
    """The notice is not taken; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True, kw_only=True)
class Taken:
    """One notice a receiver took: what it says, the answer, how often it came."""

    said: Mapping[str, Any]
    text: str = field(repr=False)
    sha256: str
    ack: str = field(repr=False)
    at: datetime
    copies: int = 1

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {**self.said, "sha256": self.sha256, "at": iso_ms(self.at), "copies": self.copies}


@dataclass
class NoticeDesk:
    """The inboxes of all receivers of this process, by (receiver, notice)."""

    platform_file: Path
    _taken: dict[tuple[str, str], Taken] = field(default_factory=dict, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def take(self, text: str, to: str, sign: Callable[[bytes], str], now: datetime) -> Taken:
        """Take one notice; ``sign`` makes the answer of the receiver ``to``.

        Raises:
            NoticeRefusedError: NOTICE_SIGNATURE, _FORM, _RECEIVER or _CHANGED.
        """
        said = self._read(text, now)
        if said["to"] != to:
            raise NoticeRefusedError("NOTICE_RECEIVER")
        sha256, notice_id = notice_sha256(text), str(said["notice_id"])
        with self._lock:
            known = self._taken.get((to, notice_id))
            if known is not None:
                if known.sha256 != sha256:
                    raise NoticeRefusedError("NOTICE_CHANGED")
                known.copies += 1
                return known
            ack = sign(ack_payload(notice_id, sha256, now))
            taken = Taken(said=said, text=text, sha256=sha256, ack=ack, at=now)
            self._taken[to, notice_id] = taken
            return taken

    def of(self, to: str) -> list[Taken]:
        """What one receiver took, oldest first."""
        with self._lock:
            return [one for (receiver, _), one in self._taken.items() if receiver == to]

    def _read(self, text: str, now: datetime) -> dict[str, Any]:
        try:
            keys = platform_keys(self.platform_file, KeyUse.NOTICE, now)
            verified = jws.verify(text, typ=NOTICE_TYP, keys=keys, max_bytes=MAX_NOTICE_BYTES)
            said = parse_object(verified.payload, max_bytes=MAX_NOTICE_BYTES)
        except (JoseError, OSError):
            raise NoticeRefusedError("NOTICE_SIGNATURE") from None
        except StrictJsonError:
            raise NoticeRefusedError("NOTICE_FORM") from None
        if said.keys() != MEMBERS or said["v"] != NOTICE_VERSION:
            raise NoticeRefusedError("NOTICE_FORM")
        return said
