"""Everything the log refuses; ``check`` names the failed check of a verifier."""

from typing import ClassVar

from consent.errors import ConsentError, EvidenceUnavailableError


class LedgerError(ConsentError):
    """Base of the log's refusals. ``check`` is printed by verifiers. Wire format: append only."""

    default: ClassVar[str] = "log.tile"

    def __init__(self, message: str = "", *, check: str | None = None) -> None:
        super().__init__(message)
        self.check = self.default if check is None else check


class LeafError(LedgerError):
    """Bytes that are no leaf, or a leaf with a member it may not have."""

    default = "leaf.format"


class ProofError(LedgerError):
    """A proof that is malformed or does not lead to its root."""

    default = "proof.inclusion"


class NoteError(LedgerError):
    """A note or checkpoint that is malformed or not signed as it must be."""

    default = "note.format"


class PolicyError(LedgerError):
    """A policy or verifier key that cannot be read, or a quorum that is not met."""

    default = "policy.format"


class TileError(LedgerError):
    """A tile or bundle that is missing, short, or not what the head says."""

    default = "log.tile"


class LedgerForkError(LedgerError):
    """Going on would show two histories: nothing is sequenced or signed (exit code 3)."""

    default = "proof.consistency"


class LedgerNotOpenError(EvidenceUnavailableError):
    """The log has no first leaf yet, or was opened under another origin."""
