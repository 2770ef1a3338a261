"""Receipts of the wallet: to read, to print, to download."""

import json
from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue

from enterprise_portal.blueprints import api, pages
from enterprise_portal.proofs import command
from yidaitong.authorizations import queries, receipts
from yidaitong.authorizations.printing import receipt_pdf
from yidaitong.authorizations.proving import entry_of_receipt
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires


@pages.get("/authorizations/<uuid:chain_id>/receipts/<kind>")
@requires(queries.READ)
def receipt(uow: UnitOfWork, chain_id: UUID, kind: str) -> ResponseReturnValue:
    """One receipt by its number, or the newest of a kind, for reading and printing."""
    found = receipts.receipt(uow, chain_id, kind)
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
    found = receipts.receipt(uow, chain_id, kind)
    text = json.dumps(found, ensure_ascii=False, indent=2)
    return _download(text.encode(), "application/json", f"receipt-{found['receipt_id']}.json")


@pages.get("/authorizations/<uuid:chain_id>/receipts/<kind>/pdf")
@requires(queries.READ)
def receipt_paper(uow: UnitOfWork, chain_id: UUID, kind: str) -> ResponseReturnValue:
    """The receipt on paper; its code leads to the page with the proof."""
    found = receipts.receipt(uow, chain_id, kind)
    number = found["receipt_id"]
    path = url_for(".receipt", chain_id=chain_id, kind=number)
    body = receipt_pdf(found, uow.settings.base_url + path)
    return _download(body, "application/pdf", f"receipt-{number}.pdf")


def _download(body: bytes, kind: str, name: str) -> Response:
    answer = Response(body, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@api.get("/consents/<uuid:chain_id>/receipts")
@api.response(200, description="The newest issue of each receipt, newest act first")
@requires(queries.READ)
def list_receipts(uow: UnitOfWork, chain_id: UUID) -> Any:
    """Every receipt of one consent."""
    return list(receipts.receipts_of(uow, chain_id))


@api.get("/consents/<uuid:chain_id>/receipts/<kind>")
@api.response(200, description="The signed receipt")
@requires(queries.READ)
def read_receipt(uow: UnitOfWork, chain_id: UUID, kind: str) -> Any:
    """One receipt by its number, or the newest of a kind, with its proof once it is published."""
    return dict(receipts.receipt(uow, chain_id, kind))
