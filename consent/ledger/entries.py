"""Submitting a leaf inside the transaction of its act: the only writer of entries."""

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from consent.ledger.leaves import Leaf, key_of

__all__ = ["Leaf", "Submitted", "key_of", "submit"]

_SUBMIT = text("""
    WITH e AS (
        INSERT INTO ledger.entry (key, body) VALUES (:key, :body)
        ON CONFLICT (key) DO NOTHING RETURNING id
    )
    INSERT INTO ledger.pending (id) SELECT id FROM e RETURNING id
""")
_KNOWN = text("SELECT id FROM ledger.entry WHERE key = :key")


@dataclass(frozen=True, slots=True)
class Submitted:
    """``id``: place in the queue; ``created`` is False when this (type, ref, n) was there."""

    id: int
    created: bool


def submit(session: Session | Connection, leaf: Leaf) -> Submitted:
    """Queue ``leaf``; it commits with the caller's rows or not at all.

    The caller holds the lock of the leaf's chain, so that the order of ids is the order of locks.
    A repeat changes nothing.

    Raises:
        LeafError: the leaf has an unknown member or one not of its form.
    """
    values = {"key": leaf.key, "body": leaf.body()}
    made = session.execute(_SUBMIT, values).scalar_one_or_none()
    if made is not None:
        return Submitted(int(made), created=True)
    return Submitted(int(session.execute(_KNOWN, {"key": leaf.key}).scalar_one()), created=False)
