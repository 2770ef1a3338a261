"""Sealed texts of requests and consents, opened again."""

import json

from consent.artefact import ConsentArtefact
from consent.encoding import b64u_decode
from consent.models import ConsentRequest, ConsentRow
from consent.ports import Desk, SealedAt


def request_place(request: ConsentRequest) -> SealedAt:
    """Where the draft body of a request is sealed."""
    return SealedAt(
        evidence_id=request.chain_id, table="consent.request", column="sealed", row_id=request.id
    )


def consent_place(row: ConsentRow) -> SealedAt:
    """Where the artefact text of a consent is sealed."""
    return SealedAt(
        evidence_id=row.chain_id, table="consent.consent", column="sealed", row_id=row.id
    )


def read_draft(desk: Desk, request: ConsentRequest) -> ConsentArtefact:
    """What a request asks, exactly as it would be granted."""
    return ConsentArtefact.parse(
        json.loads(desk.sealer.open(request_place(request), request.sealed))
    )


def artefact_text(desk: Desk, row: ConsentRow) -> str:
    """The artefact text: the platform's compact JWS over body, grant time and signatures."""
    return desk.sealer.open(consent_place(row), row.sealed).decode("ascii")


def read_artefact(desk: Desk, row: ConsentRow) -> ConsentArtefact:
    """The body of a granted consent."""
    payload = json.loads(b64u_decode(artefact_text(desk, row).split(".")[1]))
    return ConsentArtefact.parse(payload["body"])
