"""How consents fare: funnels, states, hops and duties, each number opened to its rows."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from gov_portal.blueprints import api, pages
from gov_portal.overview import as_cell
from gov_portal.schemas import BoardQuery, BoardRowsQuery
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import boardroom
from yidaitong.oversight.boarding import Board, Line
from yidaitong.oversight.definitions import Page
from yidaitong.web.views import requires, use_command


@pages.get("/boards")
@requires("overview.read")
@use_command(BoardQuery, location="query")
def boards(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Every board over the last days."""
    days = query["days"]
    found = [(one, boardroom.lines(uow, one.id, days)) for one in boardroom.BOARDS.values()]
    return render_template(
        "gov/boards.html", boards=found, days=days, windows=boardroom.WINDOWS, now=uow.now
    )


@pages.get("/boards/<board_id>/<group>")
@requires("overview.read")
@use_command(BoardRowsQuery, location="query")
def board_rows(
    uow: UnitOfWork, query: dict[str, Any], board_id: str, group: str
) -> ResponseReturnValue:
    """The rows behind one number."""
    page = Page(after=query["after"])
    found = boardroom.opened(uow, board_id, group, query["days"], page)
    return render_template("gov/board_rows.html", found=found, days=query["days"])


@api.get("/boards")
@requires("overview.read")
@use_command(BoardQuery, location="query")
def list_boards(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Every board with its groups over the last days."""
    days = query["days"]
    found = boardroom.BOARDS.values()
    return {"days": days, "boards": [_board(one, uow, days) for one in found]}


@api.get("/boards/<board_id>/<group>")
@requires("overview.read")
@use_command(BoardRowsQuery, location="query")
def show_board_rows(
    uow: UnitOfWork, query: dict[str, Any], board_id: str, group: str
) -> ResponseReturnValue:
    """One group of a board with a page of its rows."""
    page = Page(after=query["after"])
    found = boardroom.opened(uow, board_id, group, query["days"], page)
    return {
        "group": _line(found.line),
        "columns": [_text(column) for column in found.board.columns],
        "rows": [[as_cell(cell) for cell in row.cells] for row in found.rows],
        "next": found.next,
    }


def _board(board: Board, uow: UnitOfWork, days: int) -> dict[str, Any]:
    return {
        "id": board.id,
        "text": _text(board.text),
        "definition": _text(board.definition),
        "windowed": board.windowed,
        "groups": [_line(line) for line in boardroom.lines(uow, board.id, days)],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "text": _text(line.text),
        "count": line.count,
        "failed": line.failed,
        "p50_ms": line.p50_ms,
        "p95_ms": line.p95_ms,
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
