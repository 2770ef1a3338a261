"""The big screen: figures by published definition, their course, and the rows behind each."""

from datetime import date
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from gov_portal.blueprints import api, pages
from gov_portal.schemas import FigureQuery, RowsQuery
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import flows, queries, series
from yidaitong.oversight.definitions import Figure, Page
from yidaitong.oversight.queries import Evidence
from yidaitong.web.views import requires, use_command

DAYS = 30


@pages.get("/")
@requires("overview.read")
@use_command(FigureQuery, location="query")
def overview(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All figures, three courses, and how the departments answer."""
    as_of: date | None = query["as_of"]
    return render_template(
        "gov/overview.html",
        figures=queries.figures(uow, as_of),
        registrations=series.registrations(uow, DAYS, as_of),
        calls=series.calls(uow, DAYS, as_of),
        disbursements=series.disbursements(uow, DAYS, as_of),
        departments=flows.departments(uow, DAYS, as_of),
        banks=flows.banks(uow),
    )


@pages.get("/metrics/<metric_id>")
@requires("overview.read")
@use_command(RowsQuery, location="query")
def metric(uow: UnitOfWork, query: dict[str, Any], metric_id: str) -> ResponseReturnValue:
    """One figure, its definition, and the rows it was counted from."""
    found = queries.evidence(uow, metric_id, query["as_of"], Page(after=query["after"]))
    return render_template("gov/metric.html", evidence=found, as_of=query["as_of"])


@api.get("/metrics")
@requires("overview.read")
@use_command(FigureQuery, location="query")
def list_metrics(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All figures at the end of one business date."""
    found = queries.figures(uow, query["as_of"])
    return {"metrics": [_as_json(figure) for figure in found.values()]}


@api.get("/metrics/<metric_id>")
@requires("overview.read")
@use_command(RowsQuery, location="query")
def show_metric(uow: UnitOfWork, query: dict[str, Any], metric_id: str) -> ResponseReturnValue:
    """One figure with a page of its rows."""
    found = queries.evidence(uow, metric_id, query["as_of"], Page(after=query["after"]))
    return _evidence_json(found)


def _as_json(figure: Figure) -> dict[str, Any]:
    metric = figure.metric
    return {
        "id": metric.id,
        "text": {"zh": metric.text.zh, "en": metric.text.en},
        "definition": {"zh": metric.definition.zh, "en": metric.definition.en},
        "unit": metric.unit.value,
        "value": figure.value,
        "as_of": figure.as_of.isoformat(),
        "computed_at": figure.computed_at.isoformat(),
    }


def _evidence_json(found: Evidence) -> dict[str, Any]:
    columns = [{"zh": column.zh, "en": column.en} for column in found.figure.metric.columns]
    rows = [[as_cell(cell) for cell in row.cells] for row in found.rows]
    return {"figure": _as_json(found.figure), "columns": columns, "rows": rows, "next": found.next}


def as_cell(cell: Any) -> Any:
    """One cell of a row as JSON."""
    if cell is None or isinstance(cell, str | int):
        return cell
    if isinstance(cell, date):  # A datetime is a date, too.
        return cell.isoformat()
    return {"zh": cell.zh, "en": cell.en}
