"""Password hashes (argon2id, RFC 9106): slow on purpose, so few at a time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from yidaitong.kernel.errors import InvalidRequestError, ServiceUnavailableError

MIN_SIGNS: Final = 10
# Longer input is refused before hashing: hashing must cost the same for everybody.
MAX_BYTES: Final = 256
_TIME_COST: Final = 2  # OWASP password storage: 19 MiB, t=2, p=1.
_PARALLELISM: Final = 1
_SLOT_WAIT_SECONDS: Final = 5.0
# Half the cores: a storm of logins must leave the other half to everybody else.
_SLOTS = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) // 2))


@contextmanager
def _slot() -> Iterator[None]:
    if not _SLOTS.acquire(timeout=_SLOT_WAIT_SECONDS):
        raise ServiceUnavailableError("no hash slot")
    try:
        yield
    finally:
        _SLOTS.release()


@cache
def _hasher(memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=_TIME_COST, memory_cost=memory_kib, parallelism=_PARALLELISM)


@cache
def dummy_hash(memory_kib: int) -> str:
    """A hash nobody's password has: unknown users cost as much time as known ones."""
    return _hasher(memory_kib).hash(os.urandom(16).hex())


def hash_password(password: str, memory_kib: int) -> str:
    """The PHC string of ``password``.

    Raises:
        InvalidRequestError: it is too short or too long; it was not hashed.
        ServiceUnavailableError: too many people sign in at this moment.
    """
    problem = password_problem(password)
    if problem is not None:
        raise InvalidRequestError("password", fields={"password": problem})
    with _slot():
        return _hasher(memory_kib).hash(password)


def password_problem(password: str) -> str | None:
    """What is wrong with a new password, or None: PASSWORD_SHORT, TOO_LONG, SIGNS."""
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        return "SIGNS"
    if len(password) < MIN_SIGNS:
        return "PASSWORD_SHORT"
    return "TOO_LONG" if size > MAX_BYTES else None


def matches(stored: str, password: str, memory_kib: int) -> bool:
    """Whether ``password`` belongs to the hash ``stored``; over-long input is never hashed.

    Raises:
        ServiceUnavailableError: too many people sign in at this moment.
    """
    try:
        if len(password.encode()) > MAX_BYTES:
            return False
    except UnicodeEncodeError:
        return False
    with _slot():
        try:
            return _hasher(memory_kib).verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str, memory_kib: int) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher(memory_kib).check_needs_rehash(stored)
