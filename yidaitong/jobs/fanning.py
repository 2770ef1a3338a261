"""Fanning out: one thread an item, and a failure of one stops no other."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
# As many as one pull has lines at most, and no more than a worker has connections.
WIDTH = 12


def fan_out(
    work: Callable[[Item], None], items: Sequence[Item], width: int = WIDTH
) -> list[Exception]:
    """Run ``work`` on every item at once; what went wrong, in the order of the items."""
    if not items:
        return []
    with ThreadPoolExecutor(min(width, len(items)), thread_name_prefix="line") as pool:
        started = [pool.submit(work, item) for item in items]
    failures = [future.exception() for future in started]
    return [failure for failure in failures if isinstance(failure, Exception)]
