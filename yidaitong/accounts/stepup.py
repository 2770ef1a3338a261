"""Step-up: a fresh proof of identity, bound to the digest of one act and used once."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import func, update

from yidaitong import audit
from yidaitong.accounts.models import StepUp
from yidaitong.accounts.sessions import TOKEN_BYTES, token_hash
from yidaitong.kernel.actor import AuthLevel
from yidaitong.kernel.errors import InvalidRequestError, StepUpRequiredError
from yidaitong.kernel.uow import UnitOfWork

VALID_FOR: Final = timedelta(minutes=5)
MAX_DIGEST: Final = 128


def issue(uow: UnitOfWork, digest: str) -> str:
    """A token for the act with ``digest``; call it after the password was entered again.

    Raises:
        InvalidRequestError: the digest is empty or too long.
        StepUpRequiredError: nobody is signed in.
    """
    if not 0 < len(digest) <= MAX_DIGEST or not digest.isascii():
        raise InvalidRequestError("digest", fields={"digest": "LENGTH"})
    if uow.actor.session_id is None or uow.actor.org_id is None:
        raise StepUpRequiredError("no session")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    uow.session.add(
        StepUp(
            session_id=uow.actor.session_id,
            org_id=uow.actor.org_id,
            token_sha256=token_hash(token),
            digest=digest,
            ends_at=uow.clock() + VALID_FOR,
        )
    )
    audit.record(uow, "step_up.issue", object_type="session", object_id=uow.actor.session_id)
    return token


def consume(uow: UnitOfWork, token: str, digest: str) -> UnitOfWork:
    """The same transaction with proven identity; the token is used up if it commits.

    Raises:
        StepUpRequiredError: the token is unknown, used, too old, of another session or another act.
    """
    used = uow.session.scalar(
        update(StepUp)
        .where(
            StepUp.token_sha256 == token_hash(token),
            StepUp.session_id == uow.actor.session_id,
            StepUp.digest == digest,
            StepUp.used_at.is_(None),
            StepUp.ends_at > func.clock_timestamp(),
        )
        .values(used_at=func.clock_timestamp())
        .returning(StepUp.id)
    )
    if used is None:
        raise StepUpRequiredError(f"session {uow.actor.session_id}")
    return uow.acting(replace(uow.actor, auth_level=AuthLevel.STEP_UP))
