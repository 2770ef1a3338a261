"""Faults a department can be told to have, for the next n calls or until told otherwise."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from threading import Lock
from typing import Any, Self


class FaultKind(StrEnum):
    """Everything that can go wrong with an answer, from the wire up to its meaning."""

    # On the wire.
    SILENCE = "silence"
    SLOW = "slow"
    HEADER_DRIP = "header-drip"
    BODY_DRIP = "body-drip"
    RESET = "reset"
    CUT = "cut"
    CHUNK_LIE = "chunk-lie"
    CHUNK_ENDLESS = "chunk-endless"
    HUGE = "huge"
    GZIP_BOMB = "gzip-bomb"
    # By HTTP.
    HTTP_500 = "http-500"
    HTTP_503 = "http-503"
    HTTP_429 = "http-429"
    HTTP_403 = "http-403"
    HTML = "html"
    EMPTY = "empty"
    GARBAGE = "garbage"
    REDIRECT = "redirect"
    # In the signed bytes.
    TRUNCATED_JSON = "truncated-json"
    DEEP_JSON = "deep-json"
    ODD_NUMBER = "odd-number"
    NAN = "nan"
    DUPLICATE_KEYS = "duplicate-keys"
    WRONG_CHARSET = "wrong-charset"
    SURROGATE = "surrogate"
    # By signature.
    UNSIGNED = "unsigned"
    ALG_NONE = "alg-none"
    BAD_SIGNATURE = "bad-signature"
    WRONG_KEY = "wrong-key"
    OTHER_DEPARTMENT = "other-department"
    # By meaning: signed, well formed, and not what was asked.
    WRONG_ENTERPRISE = "wrong-enterprise"
    WRONG_REQUEST = "wrong-request"
    WRONG_RESOURCE = "wrong-resource"
    BAD_SCHEMA = "bad-schema"
    UNASKED = "unasked"
    OLD = "old"
    # Said plainly.
    STALE = "stale"
    PARTIAL = "partial"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate-limited"
    NOT_AUTHORISED = "not-authorised"
    SUBJECT_MISMATCH = "subject-mismatch"


_OPTIONAL = ("department", "resource", "uscc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault and whom it meets; None meets all, ``times`` None never ends.

    ``seconds`` is how long ``slow`` waits, the gap of a drip, or what Retry-After says.
    """

    kind: FaultKind
    department: str | None = None
    resource: str | None = None
    uscc: str | None = field(default=None, repr=False)
    times: int | None = None
    seconds: float = 1.0

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """A fault from JSON.

        Raises:
            ValueError: a member is unknown or of the wrong form.
        """
        unknown = body.keys() - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if any(not isinstance(body.get(name), str | None) for name in _OPTIONAL):
            raise ValueError("department, resource and uscc are texts")
        times = body.get("times")
        return cls(
            kind=FaultKind(body.get("kind", "")),
            times=None if times is None else int(times),
            seconds=float(body.get("seconds", 1.0)),
            **{name: body.get(name) for name in _OPTIONAL},
        )

    def meets(self, resource: str, uscc: str) -> bool:
        """Whether it happens to a call of ``resource`` for ``uscc``."""
        return (
            self.department in {None, resource.partition(".")[0]}
            and self.resource in {None, resource}
            and self.uscc in {None, uscc}
        )


@dataclass
class FaultBook:
    """The faults in force; the first that meets a call is taken and counted down."""

    _faults: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """Faults from a JSON list, such as ``[{"kind": "slow", "department": "TAX"}]``.

        Raises:
            ValueError: it is not one.
        """
        book = cls()
        if text.strip():
            book.replace(json.loads(text))
        return book

    def replace(self, bodies: Any) -> None:
        """Put these faults in force instead of those there are.

        Raises:
            ValueError: not a list of faults; nothing changes.
        """
        if not isinstance(bodies, list) or not all(isinstance(one, dict) for one in bodies):
            raise ValueError("a list of objects is needed")
        fresh = [Fault.read(body) for body in bodies]
        with self._lock:
            self._faults = fresh

    def take(self, resource: str, uscc: str) -> Fault | None:
        """The fault this call has, if any."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.times == 0 or not fault.meets(resource, uscc):
                    continue
                if fault.times is not None:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None

    def shown(self) -> list[dict[str, Any]]:
        """The faults in force, with the calls they are still good for."""
        with self._lock:
            return [asdict(fault) for fault in self._faults if fault.times != 0]
