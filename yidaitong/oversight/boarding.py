"""What a board is: one question in groups, each counted from rows and opened to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, inspect

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import Cell, Row

HAPPENED = Text("时间", "Time")
PURPOSE = Text("用途", "Purpose")
STATE = Text("状态", "State")
CHAIN = Text("授权编号", "Consent")
PULL = Text("调取编号", "Pull")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Which rows of a source belong together; a row may be in several groups, as in a funnel.

    ``took`` is how long each row took (an interval), ``failed`` which of them failed.
    """

    key: str
    text: Text
    where: ColumnElement[bool]
    took: Any = None
    failed: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One table, whose key is a UUIDv7, and its groups.

    ``at`` is the time a window looks at; None: as things stand now. ``cells`` shows one row.
    """

    model: Any
    groups: Callable[[UnitOfWork], Sequence[Group]]
    cells: Callable[[Any], Sequence[Cell]]
    at: Any = None

    @property
    def key(self) -> Any:
        """The key of its rows; it grows with time."""
        (column,) = inspect(self.model).primary_key
        return column


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One question. ``definition`` is exact enough to be counted again by somebody else.

    ``timed``: its groups take time and may fail. ``funnel``: each group is a part of the one above.
    """

    id: str
    text: Text
    definition: Text
    columns: Sequence[Text]
    sources: Sequence[Source]
    timed: bool = False
    funnel: bool = False

    @property
    def windowed(self) -> bool:
        """Whether it looks at the last days, not only at now."""
        return any(source.at is not None for source in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One counted group; times in ms are None where nothing was measured."""

    key: str
    text: Text
    count: int
    failed: int | None = None
    p50_ms: int | None = None
    p95_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page of the rows behind one group; ``next`` continues the list."""

    board: Board
    line: Line
    rows: Sequence[Row]
    next: str | None


def tail(value: Any) -> str:
    """The end of an id: enough to find the row, no identity."""
    return str(value)[-8:]
