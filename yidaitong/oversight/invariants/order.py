"""I3, I5, I14: what the order of leaves must never show, read from the leaves alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.invariants.checks import Invariant

# What two persons cleared: times up to that size were wrong, so one may fall from them.
_LEAVES: Final = text("""
    SELECT id, body, coalesce(
        (SELECT idx FROM ledger.seq WHERE seq.id = entry.id)
            < (SELECT max(size) FROM ledger.clearing), false) AS cleared
    FROM ledger.entry ORDER BY id
""")
_BATCH: Final = 1000
# Nothing may be handed over after these, in words of the leaves.
_FINAL: Final = frozenset(
    {"consent.revoked", "consent.voided", "consent.use_withdrawn", "consent.void_found"}
)
_RUN_OUT: Final = frozenset({"consent.expired", "consent.exhausted"})
_ENDS: Final = _FINAL | _RUN_OUT | {"consent.superseded"}
_HOLDS: Final = {"consent.paused": "paused", "consent.suspended": "suspended"}
_FREES: Final = {"consent.resumed": "paused", "consent.restored": "suspended"}


@dataclass(slots=True)
class _Life:
    """What the leaves so far say of one consent."""

    granted: bool = False
    ended: bool = False
    final: bool = False
    run_out: bool = False
    holds: set[str] = field(default_factory=set)
    last_t: str = ""
    last_cleared: bool = False

    def take(self, kind: str) -> None:
        if kind == "consent.granted":
            # Again after consent.superseded: the next version goes on; holds pass on.
            self.granted, self.ended = True, False
        else:
            self.ended |= kind in _ENDS
        self.final |= kind in _FINAL
        self.run_out |= kind in _RUN_OUT
        if kind in _HOLDS:
            self.holds.add(_HOLDS[kind])
        if kind in _FREES:
            self.holds.discard(_FREES[kind])

    @property
    def active(self) -> bool:
        return self.granted and not self.ended and not self.holds


def _leaves(uow: UnitOfWork) -> Iterator[tuple[int, dict[str, Any], bool]]:
    rows = uow.session.execute(_LEAVES, execution_options={"yield_per": _BATCH})
    for row in rows:
        yield row.id, json.loads(bytes(row.body)), row.cleared


def _walk(uow: UnitOfWork) -> Iterator[tuple[int, dict[str, Any], _Life]]:
    """Each leaf of a consent with what had been said before it."""
    lives: dict[str, _Life] = {}
    for entry_id, leaf, cleared in _leaves(uow):
        if "consent" not in leaf:
            continue
        life = lives.setdefault(leaf["consent"], _Life())
        yield entry_id, leaf, life
        life.take(leaf["type"])
        life.last_t, life.last_cleared = leaf["t"], cleared


def _sent_while_not_active(uow: UnitOfWork) -> Iterator[str]:
    for entry_id, leaf, life in _walk(uow):
        if leaf["type"] == "pull.line_sent" and not life.active:
            yield f"entry {entry_id}"


def _released_after_the_end(uow: UnitOfWork) -> Iterator[str]:
    for entry_id, leaf, life in _walk(uow):
        handed = leaf["type"] in {"packet.issued", "packet.fetched"}
        issued = leaf["type"] == "packet.issued"
        if (handed and life.final) or (issued and life.run_out):
            yield f"entry {entry_id}"


def _time_falls(uow: UnitOfWork) -> Iterator[str]:
    for entry_id, leaf, life in _walk(uow):
        if leaf["t"] < life.last_t and not life.last_cleared:
            yield f"entry {entry_id}"


ORDER: Final = (
    Invariant(
        id="I3",
        text=Text(
            "每次发往部门的请求在日志中都处于授权有效期间",
            "Each request to a department stands where its consent was active",
        ),
        find=_sent_while_not_active,
    ),
    Invariant(
        id="I5",
        text=Text(
            "撤回、作废之后没有签发或交付，到期、用尽之后没有签发",
            "Nothing was issued or fetched after a withdrawal, nothing issued after the end",
        ),
        find=_released_after_the_end,
    ),
    Invariant(
        id="I14",
        text=Text("同一授权的记录时间从不倒退", "The times of one consent never fall"),
        find=_time_falls,
    ),
)
