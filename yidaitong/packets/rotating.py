"""Changing our signing keys: the moment stands in the log, so that its order decides."""

from datetime import timedelta
from typing import Final

from consent import service
from consent.events import canonical, iso, sha256_b64u
from consent.service import EventType
from yidaitong import audit
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.crypto.box import KeyUse, Rotation
from yidaitong.kernel.crypto.signingkeys import OWNER
from yidaitong.kernel.errors import ForbiddenError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

VERSION: Final = "ydt-keys/1"
ROTATE: Final = "keys.rotate"
YEARLY: Final = "YEARLY"
COMPROMISED: Final = "COMPROMISED"


def rotate_if_due(uow: UnitOfWork, use: KeyUse, suite: str = "intl") -> Rotation | None:
    """Change the key of ``use`` if it is older than the settings let it be; None if it is not.

    Raises:
        ForbiddenError: not the system itself.
    """
    age = timedelta(days=uow.settings.signing_key_days)
    if not uow.settings.signing_key_rotation:
        return None
    if not uow.crypto.in_suite(suite).is_due(uow.session, use, age):
        return None
    return rotate(uow, use, suite=suite)


def rotate(
    uow: UnitOfWork, use: KeyUse, *, compromised: bool = False, suite: str = "intl"
) -> Rotation:
    """Sign with a new key of ``use`` from now on; the statement goes to whoever pinned the old.

    What the old key signed before this leaf stays valid. The log's own old key goes on signing
    heads beside the new one for a while, unless it is compromised.

    Raises:
        ForbiddenError: not the system itself.
        SuiteUnavailableError: the policy has no such suite, or this computer cannot do it.
    """
    if uow.actor.realm is not Realm.SYSTEM:
        raise ForbiddenError("keys are changed by the system")
    at, reason = uow.clock(), COMPROMISED if compromised else YEARLY

    def statement(old_kid: str, new_kid: str) -> bytes:
        told = {"v": VERSION, "owner": OWNER, "add": [new_kid], "retire": [old_kid]}
        return canonical({**told, "from": iso(at), "reason": reason})

    crypto = uow.crypto.in_suite(suite)
    changed = crypto.rotate(uow.session, use, statement, compromised=compromised)
    members = {
        "owner": OWNER,
        "added": [changed.new_kid],
        "retired": [] if compromised else [changed.old_kid],
        "compromised": [changed.old_kid] if compromised else [],
        "statement_sha256": sha256_b64u(changed.statement.encode("ascii")),
    }
    event = service.Event(
        type=EventType.KEYS_CHANGED, ref=uuid7(), n=1, reason=reason, members=members
    )
    service.record(desk_of(uow, job=ROTATE), event)
    audit.record(uow, ROTATE, use=use, kid=changed.new_kid, old_kid=changed.old_kid)
    return changed
