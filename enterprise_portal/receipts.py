"""Receipts of the wallet: to read, to print, to download."""

import json
from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from consent.service import ReceiptType
from enterprise_portal.blueprints import api, pages
from enterprise_portal.proofs import command
from yidaitong.authorizations import queries
from yidaitong.authorizations.proving import entry_of_receipt
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires

_KINDS = {kind.value: kind for kind in ReceiptType}


@pages.get("/authorizations/<uuid:chain_id>/receipts/<kind>")
@requires(queries.READ)
def receipt(uow: UnitOfWork, chain_id: UUID, kind: str) -> ResponseReturnValue:
    """One receipt, for reading and printing."""
    found = _receipt(uow, chain_id, kind)
    return render_template(
        "enterprise/receipt.html",
        receipt=found,
        chain_id=chain_id,
        entry_id=entry_of_receipt(uow, found),
        command=command(f"receipt-{found['receipt_id']}.json"),
    )


@pages.get("/authorizations/<uuid:chain_id>/receipts/<kind>/file")
@requires(queries.READ)
def receipt_file(uow: UnitOfWork, chain_id: UUID, kind: str) -> ResponseReturnValue:
    """The signed receipt as a JSON file."""
    found = _receipt(uow, chain_id, kind)
    answer = Response(json.dumps(found, ensure_ascii=False, indent=2), mimetype="application/json")
    name = f"receipt-{found['receipt_id']}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@api.get("/consents/<uuid:chain_id>/receipts/<kind>")
@api.response(200, description="The signed receipt")
@requires(queries.READ)
def read_receipt(uow: UnitOfWork, chain_id: UUID, kind: str) -> Any:
    """The newest receipt of one kind, with its proof once the log has published it."""
    return _receipt(uow, chain_id, kind)


def _receipt(uow: UnitOfWork, chain_id: UUID, kind: str) -> dict[str, Any]:
    if kind not in _KINDS:
        raise NotFoundError(f"receipts of kind {kind[:20]}")
    return dict(queries.receipt_of(uow, chain_id, _KINDS[kind]))
