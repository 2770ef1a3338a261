"""What callback addresses are registered with, as frozen commands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeEndpoint:
    """Where a bank takes notices; made by ``endpoints.checked`` only."""

    bank_id: str
    url: str
