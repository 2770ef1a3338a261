"""The way of a notice out of the house: one POST by the only egress, judged by its status."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from yidaitong.departments.addresses import Resolver
from yidaitong.departments.transport import Egress, EgressError, Reply
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.settings import Settings
from yidaitong.notices.lifecycle import ReceiverKind
from yidaitong.notices.wire import MAX_ACK_BYTES, MEDIA

_OK: Final = 200
_DELIVERED: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt to hand over one notice; ``made`` is monotonic."""

    notice_id: UUID
    receiver: str
    kind: ReceiverKind
    url: str
    jws: str = field(repr=False)
    made: float = field(default_factory=monotonic, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What came of it: ``problem`` is None when a 2xx came whole; ``ack`` what its body says."""

    problem: str | None
    ack: str | None = field(default=None, repr=False)


class PostOffice:
    """The way to all receivers; one per process, safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._resolver = Resolver(allow_private=settings.allow_private_addresses)
        self._egresses: dict[tuple[str, ReceiverKind], Egress] = {}
        self._lock = Lock()

    def deliver(self, delivery: Delivery) -> Delivered:
        """Send one notice; holds the thread for the deadline of a call at most.

        Call it with no transaction open. It raises nothing: a problem is a code in the result.
        """
        left = self._settings.call_deadline_seconds - (monotonic() - delivery.made)
        headers = {"Content-Type": MEDIA, "Accept": MEDIA}
        try:
            reply = self._egress(delivery).post(
                delivery.url,
                delivery.jws.encode("ascii"),
                headers,
                seconds=left,
                pool=delivery.receiver,
            )
        except EgressError as error:
            return Delivered(problem=error.problem)
        if reply.status not in _DELIVERED:
            return Delivered(problem=f"HTTP_{reply.status}")
        return Delivered(problem=None, ack=_ack(reply))

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for egress in self._egresses.values():
                egress.close()
            self._egresses.clear()
        self._resolver.close()

    def _egress(self, delivery: Delivery) -> Egress:
        """One way out per host: what may be called is what two persons put into use."""
        banks = delivery.kind is ReceiverKind.BANK
        settings = self._settings
        host = str(urlsplit(delivery.url).hostname)
        with self._lock:
            found = self._egresses.get((host, delivery.kind))
            if found is None:
                found = self._egresses[host, delivery.kind] = Egress(
                    hosts=frozenset({host}),
                    resolver=self._resolver,
                    max_bytes=MAX_ACK_BYTES,
                    ca_file=settings.callback_ca_file if banks else settings.gateway_ca_file,
                )
            return found


def _ack(reply: Reply) -> str | None:
    """The signed answer in a reply; any other body is none of our business."""
    kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if reply.status != _OK or kind != MEDIA or not reply.body:
        return None
    return reply.body.decode("ascii", errors="replace").strip()
