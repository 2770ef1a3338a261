"""One audit invariant and what a look at it found; breaks name ids, never values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """``find`` yields the id of each break."""

    id: str
    text: Text
    find: Callable[[UnitOfWork], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one invariant's check found: how many breaks, and the first of them."""

    id: str
    text: Text
    breaks: int
    examples: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether it holds."""
        return self.breaks == 0


def look(uow: UnitOfWork, invariant: Invariant) -> Finding:
    """Check one invariant."""
    breaks = list(invariant.find(uow))
    return Finding(
        id=invariant.id,
        text=invariant.text,
        breaks=len(breaks),
        examples=tuple(breaks[:SHOWN]),
    )
