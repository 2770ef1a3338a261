"""What a verifier says: a list of checks, the first failed one's code, an exit code."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from consent.ledger.errors import LedgerError


class Exit(IntEnum):
    """Exit codes of verifiers."""

    VERIFIED = 0
    REFUSED = 1
    USAGE = 2
    UNDECIDED = 3


class UndecidedError(Exception):
    """A key, a policy or a comparable head is missing: neither verified nor refused."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check; ``detail`` names members and places, never values."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(slots=True)
class Report:
    """Checks in order; verification ends with the first that fails."""

    checks: list[Check] = field(default_factory=list)
    packet_id: str | None = None
    index: int | None = None
    size: int | None = None
    log: str | None = None
    witnesses: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether something was checked and nothing failed."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def code(self) -> str | None:
        """Code of the first failed check."""
        return next((check.name for check in self.checks if not check.ok), None)

    @property
    def exit(self) -> Exit:
        """The exit code."""
        return Exit.VERIFIED if self.ok else Exit.REFUSED

    @contextmanager
    def checking(self, name: str) -> Iterator[None]:
        """Note one check; a refusal is noted under its own code and ends verification."""
        try:
            yield
        except LedgerError as error:
            self.checks.append(Check(error.check, ok=False, detail=str(error)))
            raise
        self.checks.append(Check(name, ok=True))

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "ok": self.ok,
            "code": self.code,
            "checks": [
                {"name": check.name, "ok": check.ok, "detail": check.detail}
                for check in self.checks
            ],
            "packet_id": self.packet_id,
            "index": self.index,
            "size": self.size,
            "log": self.log,
            "witnesses": self.witnesses,
        }

    def as_text(self, *, machine: bool) -> str:
        """The report as JSON, or a line a check for people."""
        if machine:
            return json.dumps(self.as_json(), ensure_ascii=False)
        lines = [
            f"{'ok' if check.ok else 'REFUSED':8}{check.name}"
            + (f": {check.detail}" if check.detail else "")
            for check in self.checks
        ]
        place = "" if self.index is None else f", index {self.index}"
        lines.append(f"{'verified' if self.ok else 'refused'}: {self.log}, size {self.size}{place}")
        return "\n".join(lines)
