"""One event of an authorization and its proof, to see and to take home."""

import json
from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from enterprise_portal.blueprints import api, pages
from yidaitong.authorizations.proving import ProvedEvent, event_of_authorization
from yidaitong.authorizations.queries import READ
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.drawing import draw_climb
from yidaitong.web.views import requires


@pages.get("/authorizations/<uuid:chain_id>/events/<int:entry_id>")
@requires(READ)
def event(uow: UnitOfWork, chain_id: UUID, entry_id: int) -> ResponseReturnValue:
    """What the event says and, once published, the way from its leaf to the signed root."""
    found = event_of_authorization(uow, chain_id, entry_id)
    return render_template(
        "enterprise/proof.html",
        chain_id=chain_id,
        found=found,
        rows=_rows(found),
        command=command(f"event-{entry_id}.json"),
        drawing=None if found.index is None else draw_climb(found.index, found.leaf, found.steps),
    )


@pages.get("/authorizations/<uuid:chain_id>/events/<int:entry_id>/file")
@requires(READ)
def event_file(uow: UnitOfWork, chain_id: UUID, entry_id: int) -> ResponseReturnValue:
    """Leaf, opening and proof: all the offline verifier needs."""
    found = event_of_authorization(uow, chain_id, entry_id)
    body = json.dumps(_published(found).bundle, ensure_ascii=False, indent=2)
    return _file(body, "application/json", f"event-{entry_id}.json")


@pages.get("/authorizations/<uuid:chain_id>/events/<int:entry_id>/proof")
@requires(READ)
def event_proof(uow: UnitOfWork, chain_id: UUID, entry_id: int) -> ResponseReturnValue:
    """The proof alone (C2SP tlog-proof), for other tools."""
    found = _published(event_of_authorization(uow, chain_id, entry_id))
    return _file(str(found.proof), "text/plain", f"event-{entry_id}.tlog-proof")


@api.get("/consents/<uuid:chain_id>/events/<int:entry_id>")
@api.response(200, description="Leaf, opening and proof of one event")
@requires(READ)
def read_event(uow: UnitOfWork, chain_id: UUID, entry_id: int) -> Any:
    """The evidence of one event; ``proof`` is null until the log has published it."""
    return dict(event_of_authorization(uow, chain_id, entry_id).bundle)


def command(file: str) -> str:
    """How anybody checks a downloaded file offline."""
    return f"python -m consent.ledger.verify {file} --vkey vkey.txt"


def _published(found: ProvedEvent) -> ProvedEvent:
    if found.proof is None:
        raise NotFoundError(f"no proof of entry {found.entry_id} yet")
    return found


def _file(body: str, kind: str, name: str) -> Response:
    answer = Response(body, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _rows(found: ProvedEvent) -> list[tuple[str, str, str]]:
    event_ = found.bundle["opening"]["event"]
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), "code")
        for name, value in event_.items()
        if value is not None
    ]
