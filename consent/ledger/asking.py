"""Asking witnesses to cosign a head: all at once, nobody waited for long (C2SP tlog-witness).

No transaction is open meanwhile. Who answers late is heard at the next look.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from consent.ledger.checkpoint import Checkpoint
from consent.ledger.errors import NoteError
from consent.ledger.note import SignatureLine, VKey, read_note, write_line
from consent.ledger.parsing import read_decimal
from consent.ledger.policy import Policy
from consent.ledger.signatures import verifier_of
from consent.ledger.witness import write_request

ASK_SECONDS: Final = 1.0
# An idle log asks again so often: the newest time of a witness is its outside time anchor.
ANCHOR_SECONDS: Final = 3600.0
_PATH: Final = "/add-checkpoint"

# Sends a body to an address: status and body, or WitnessAwayError.
Post = Callable[[str, bytes], tuple[int, bytes]]
# Consistency proof from an earlier size to the head's.
Prove = Callable[[int, int], list[bytes]]


class WitnessAwayError(Exception):
    """No usable answer; the message is a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one witness said about the head of ``size``.

    ``lines`` by witness name; ``ahead``: it holds so large a head of ours; ``refused``: ours does
    not continue what it holds.
    """

    url: str
    size: int
    lines: Mapping[str, str] = field(default_factory=dict)
    ahead: int | None = None
    refused: bool = False
    problem: str = ""


@dataclass
class Asker:
    """The witnesses of one policy, as the publisher speaks to them; lives as long as it does."""

    policy: Policy
    post: Post
    clock: Callable[[], float] = time.monotonic
    asked_at: float | None = None
    _known: dict[str, int] = field(default_factory=dict)
    _busy: dict[str, Future[Outcome]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.urls = sorted(set(self.policy.urls.values()))
        self._pool = ThreadPoolExecutor(max(1, len(self.urls)), thread_name_prefix="witness")
        self._proving = threading.Lock()

    @property
    def is_due(self) -> bool:
        """Whether the witnesses of an idle log are to be asked again."""
        return self.asked_at is None or self.clock() - self.asked_at >= ANCHOR_SECONDS

    def knows(self, sizes: Iterable[tuple[str, int]]) -> None:
        """Sizes witnesses cosigned, by name, from what is stored."""
        for name, size in sizes:
            url = self.policy.urls.get(name)
            if url is not None:
                self._known[url] = max(size, self._known.get(url, 0))

    def start(self, head: Checkpoint, note: str, prove: Prove) -> None:
        """Ask all that are not still thinking about an earlier head."""
        self.asked_at = self.clock()
        for url in self.urls:
            if url not in self._busy:
                self._busy[url] = self._pool.submit(self._ask, url, head, note, prove)

    def heard(self, seconds: float) -> list[Outcome]:
        """Answers that are there; waits so long for one where there is none yet."""
        wait(self._busy.values(), timeout=max(0.0, seconds), return_when=FIRST_COMPLETED)
        done = [url for url, one in self._busy.items() if one.done()]
        # Taken out first: a proof that failed is raised here, and its witness is asked again.
        return [one.result() for one in [self._busy.pop(url) for url in done]]

    @property
    def is_waiting(self) -> bool:
        """Whether some have not answered."""
        return bool(self._busy)

    def close(self) -> None:
        """Ask nobody any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, url: str, head: Checkpoint, note: str, prove: Prove) -> Outcome:
        try:
            return self._say(url, head, note, prove)
        except WitnessAwayError as error:
            return Outcome(url=url, size=head.size, problem=str(error))

    def _say(self, url: str, head: Checkpoint, note: str, prove: Prove) -> Outcome:
        old = min(self._known.get(url, 0), head.size)
        status, body = self._send(url, old, head, note, prove)
        if status == HTTPStatus.CONFLICT:
            old = _size_in(body)
            if old > head.size:
                return Outcome(url=url, size=head.size, ahead=old)
            status, body = self._send(url, old, head, note, prove)  # Once: it may move on.
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return Outcome(url=url, size=head.size, refused=True)
        if status != HTTPStatus.OK:
            raise WitnessAwayError(f"HTTP_{status}")
        lines = self._lines(url, head, body)
        if not lines:
            raise WitnessAwayError("NO_LINE")
        self._known[url] = head.size
        return Outcome(url=url, size=head.size, lines=lines)

    def _send(
        self, url: str, old: int, head: Checkpoint, note: str, prove: Prove
    ) -> tuple[int, bytes]:
        with self._proving:  # A proof takes a connection: one at a time.
            proof = prove(old, head.size) if 0 < old < head.size else []
        return self.post(f"{url.rstrip('/')}{_PATH}", write_request(old, proof, note))

    def _lines(self, url: str, head: Checkpoint, body: bytes) -> dict[str, str]:
        """The lines that verify under the keys we were given for this address."""
        try:
            lines = read_note(b"-\n\n" + body).lines
        except NoteError:
            return {}
        text = head.text.encode()
        keys = [
            (n, key) for n, key in self.policy.witnesses.items() if self.policy.urls.get(n) == url
        ]
        return {
            name: write_line(key, line.signature)
            for name, key in keys
            for line in lines
            if _is_by(key, line, text)
        }


def _is_by(key: VKey, line: SignatureLine, text: bytes) -> bool:
    if (line.name, line.key_id) != (key.name, key.key_id):
        return False
    try:
        verifier_of(key).verify(text, line.signature)
    except NoteError:
        return False
    return True


def _size_in(body: bytes) -> int:
    try:
        return read_decimal(body.decode("ascii").removesuffix("\n"), NoteError)
    except (NoteError, UnicodeDecodeError) as error:
        raise WitnessAwayError("BAD_SIZE") from error
