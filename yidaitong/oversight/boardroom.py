"""Reading boards: all groups of one counted by one query a table, and the rows behind a group."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, inspect, select

from yidaitong.kernel.errors import InvalidRequestError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import boards
from yidaitong.oversight.boarding import Board, Group, Line, Opened, Source
from yidaitong.oversight.definitions import Page, Row
from yidaitong.oversight.queries import MAX_ROWS, READ

WINDOWS: Final = (1, 7, 30, 365)
_MS: Final = 1000
_MEDIAN: Final = 0.5
_HIGH: Final = 0.95


def _collect() -> Mapping[str, Board]:
    found: list[Board] = []
    for module in pkgutil.iter_modules(boards.__path__):
        board = importlib.import_module(f"{boards.__name__}.{module.name}").BOARD
        if not isinstance(board, Board):
            raise TypeError(f"{module.name}.BOARD is no Board")
        found.append(board)
    return {board.id: board for board in sorted(found, key=lambda board: board.id)}


BOARDS: Final = _collect()


def lines(uow: UnitOfWork, board_id: str, days: int) -> Sequence[Line]:
    """Every group of one board over the last ``days``, in the board's order.

    Raises:
        ForbiddenError: the actor may not see the overview.
        NotFoundError: there is no such board.
    """
    uow.actor.require(READ)
    board = _board(board_id)
    return [line for source in board.sources for line in _counted(uow, source, days)]


def opened(uow: UnitOfWork, board_id: str, key: str, days: int, page: Page) -> Opened:
    """The rows behind one group, newest first.

    Raises:
        ForbiddenError: the actor may not see the overview.
        NotFoundError: there is no such board or group.
        InvalidRequestError: ``after`` is no id of a row.
    """
    uow.actor.require(READ)
    board = _board(board_id)
    source, group = _group(uow, board, key)
    limit = min(page.limit, MAX_ROWS)
    query = select(source.model).where(group.where, *_window(uow, source, days))
    if page.after is not None:
        query = query.where(source.key < _id(page.after))
    found = uow.session.scalars(query.order_by(source.key.desc()).limit(limit + 1)).all()
    rows = [Row(key=_key(one), cells=source.cells(one)) for one in found[:limit]]
    (line,) = _lines(uow, source, [group], days)
    more = len(found) > limit
    return Opened(board=board, line=line, rows=rows, next=rows[-1].key if more else None)


def _board(board_id: str) -> Board:
    board = BOARDS.get(board_id)
    if board is None:
        raise NotFoundError(f"board {board_id[:8]}")
    return board


def _group(uow: UnitOfWork, board: Board, key: str) -> tuple[Source, Group]:
    for source in board.sources:
        for group in source.groups(uow):
            if group.key == key:
                return source, group
    raise NotFoundError(f"group {key[:16]} of {board.id}")


def _key(row: Any) -> str:
    (key,) = inspect(row).identity
    return str(key)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidRequestError("after", fields={"after": "NOT_ID"}) from error


def _window(uow: UnitOfWork, source: Source, days: int) -> tuple[ColumnElement[bool], ...]:
    return () if source.at is None else (source.at >= uow.now - timedelta(days=days),)


def _counted(uow: UnitOfWork, source: Source, days: int) -> Sequence[Line]:
    groups = source.groups(uow)
    return _lines(uow, source, groups, days) if groups else ()


def _lines(uow: UnitOfWork, source: Source, groups: Sequence[Group], days: int) -> list[Line]:
    columns = [column for group in groups for column in _columns(group)]
    query = select(*columns).select_from(source.model).where(*_window(uow, source, days))
    values = iter(uow.session.execute(query).one())
    return [_line(group, values) for group in groups]


def _columns(group: Group) -> list[ColumnElement[Any]]:
    """Four for each group: how many, how many failed, median and 95th percentile in seconds."""
    count = func.count().filter(group.where)
    if group.took is None:
        return [count]
    failed = func.count().filter(group.where & group.failed)
    seconds = func.extract("epoch", group.took)
    return [
        count,
        failed,
        func.percentile_cont(_MEDIAN).within_group(seconds).filter(group.where),
        func.percentile_cont(_HIGH).within_group(seconds).filter(group.where),
    ]


def _line(group: Group, values: Iterator[Any]) -> Line:
    count = int(next(values))
    if group.took is None:
        return Line(key=group.key, text=group.text, count=count)
    failed, median, high = next(values), next(values), next(values)
    return Line(
        key=group.key,
        text=group.text,
        count=count,
        failed=int(failed),
        p50_ms=_ms(median),
        p95_ms=_ms(high),
    )


def _ms(seconds: Any) -> int | None:
    return None if seconds is None else round(float(seconds) * _MS)
