"""Receipts of a consent in the bank's own view: to read, to print, to download."""

import json
from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue

from bank_portal.blueprints import api, pages
from yidaitong.authorizations import receipts
from yidaitong.authorizations.printing import receipt_pdf
from yidaitong.authorizations.queries import READ
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires


@pages.get("/consents/<uuid:chain_id>/receipts")
@requires(READ)
def receipt_list(uow: UnitOfWork, chain_id: UUID) -> ResponseReturnValue:
    """Every receipt of one consent with its proof."""
    found = receipts.receipts_of(uow, chain_id)
    return render_template("bank/receipts.html", receipts=found, chain_id=chain_id)


@pages.get("/consents/<uuid:chain_id>/receipts/<name>/file")
@requires(READ)
def receipt_file(uow: UnitOfWork, chain_id: UUID, name: str) -> ResponseReturnValue:
    """The signed receipt as a JSON file."""
    found = receipts.receipt(uow, chain_id, name)
    text = json.dumps(found, ensure_ascii=False, indent=2)
    return _download(text.encode(), "application/json", f"receipt-{found['receipt_id']}.json")


@pages.get("/consents/<uuid:chain_id>/receipts/<name>/pdf")
@requires(READ)
def receipt_paper(uow: UnitOfWork, chain_id: UUID, name: str) -> ResponseReturnValue:
    """The receipt on paper; its code leads to the page with the proof."""
    found = receipts.receipt(uow, chain_id, name)
    address = uow.settings.base_url + url_for(".receipt_list", chain_id=chain_id)
    body = receipt_pdf(found, address)
    return _download(body, "application/pdf", f"receipt-{found['receipt_id']}.pdf")


@api.get("/consents/<uuid:chain_id>/receipts")
@api.response(200, description="The newest issue of each receipt, newest act first")
@requires(READ)
def list_receipts(uow: UnitOfWork, chain_id: UUID) -> Any:
    """Every receipt of one consent."""
    return list(receipts.receipts_of(uow, chain_id))


@api.get("/consents/<uuid:chain_id>/receipts/<name>")
@api.response(200, description="The signed receipt")
@requires(READ)
def read_receipt(uow: UnitOfWork, chain_id: UUID, name: str) -> Any:
    """One receipt by its number, or the newest of a kind."""
    return dict(receipts.receipt(uow, chain_id, name))


def _download(body: bytes, kind: str, name: str) -> Response:
    answer = Response(body, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
