"""Time-ordered identifiers (RFC 9562 §5.7)."""

import secrets
import threading
import time
from datetime import datetime
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_counter = 0
_COUNTER_BITS = 12


def uuid7() -> UUID:
    """A new UUIDv7; ids of one process never go backwards (RFC 9562 §6.2, method 1)."""
    global _last_ms, _counter  # noqa: PLW0603 - the counter is the point of method 1
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms, _counter = now_ms, secrets.randbelow(1 << (_COUNTER_BITS - 1))
        else:
            _counter += 1
            if _counter >= 1 << _COUNTER_BITS:
                _last_ms, _counter = _last_ms + 1, 0
        ms, counter = _last_ms, _counter
    value = (ms & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= counter << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return UUID(int=value)


def first_uuid7(at: datetime) -> UUID:
    """The smallest UUIDv7 of an instant: what is older compares below it."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))
