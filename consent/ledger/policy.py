"""Whom a checker trusts: logs, witnesses, groups, quorum (C2SP tlog-policy)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from consent.ledger.checkpoint import SignedHead
from consent.ledger.errors import PolicyError
from consent.ledger.note import KeyKind, VKey, read_vkey
from consent.ledger.parsing import read_decimal

MAX_BYTES: Final = 256 * 1024
NONE: Final = "none"
_DELETE: Final = 0x7F
_LOG_KINDS: Final = frozenset({KeyKind.ED25519, KeyKind.ML_DSA_44})
_WITNESS_KINDS: Final = frozenset({KeyKind.COSIGNATURE, KeyKind.ML_DSA_44})


@dataclass(frozen=True, slots=True)
class Group:
    """Met when ``k`` of its members are."""

    k: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``logs`` may hold several keys of one origin, while one takes over from another."""

    logs: tuple[VKey, ...]
    witnesses: Mapping[str, VKey] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE
    # Where to ask each witness, by its name; those without an address are never asked.
    urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[VKey, ...]:
        """Every key whose lines must verify where they stand."""
        return (*self.logs, *self.witnesses.values())

    def check(self, head: SignedHead) -> list[str]:
        """The witnesses that cosigned a head that one of our logs signed.

        Raises:
            PolicyError: another log, or the quorum is not met.
        """
        signed = set(head.signed)
        if not any(key in signed and key.name == head.checkpoint.origin for key in self.logs):
            raise PolicyError("signed by no log of the policy", check="note.signature")
        seen = sorted(name for name, key in self.witnesses.items() if key in signed)
        if not self.is_met(seen):
            raise PolicyError("the quorum is not met", check="policy.quorum")
        return seen

    def is_met(self, seen: Collection[str]) -> bool:
        """Whether the witnesses named in ``seen`` are a quorum."""
        return self.quorum == NONE or self._met(self.quorum, seen)

    def _met(self, name: str, seen: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in seen
        # Groups name earlier lines only, so this ends.
        return sum(self._met(member, seen) for member in group.members) >= group.k


def policy_of(vkey: str) -> Policy:
    """Trust one log and ask for no witness.

    Raises:
        PolicyError: not a log's verifier key.
    """
    return Policy(logs=(_log_key(vkey),))


def read_policy(data: bytes) -> Policy:
    """Read a policy file.

    Raises:
        PolicyError: not a policy.
    """
    if len(data) > MAX_BYTES:
        raise PolicyError("too long")
    if any((octet < ord(" ") and octet not in b"\n\t") or octet == _DELETE for octet in data):
        raise PolicyError("a control character")
    # Octets above ASCII are opaque: two spellings of one sign are two names.
    text = data.decode("utf-8", "surrogateescape")
    reader = _Reader()
    for line in text.split("\n"):
        items = [item for item in line.replace("\t", " ").split(" ") if item]
        if items and not items[0].startswith("#"):
            reader.take(items)
    return reader.policy()


@dataclass(slots=True)
class _Reader:
    logs: list[VKey] = field(default_factory=list)
    witnesses: dict[str, VKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    quorum: str | None = None
    keys: set[bytes] = field(default_factory=set)
    grouped: set[str] = field(default_factory=set)

    def take(self, items: list[str]) -> None:
        match items:
            case ["log", vkey] | ["log", vkey, _]:
                self.logs.append(self._new_key(_log_key(vkey)))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._new_name(name)
                self.witnesses[name] = self._new_key(_witness_key(vkey))
                self.urls.update(dict.fromkeys([name], url[0]) if url else {})
            case ["group", name, threshold, *members] if members:
                self._new_name(name)
                self.groups[name] = self._group(threshold, members)
            case ["quorum", name] if self.quorum is None:
                if name != NONE:
                    self._require(name)
                self.quorum = name
            case _:
                raise PolicyError("a line that is none of log, witness, group, quorum")

    def policy(self) -> Policy:
        if self.quorum is None or not self.logs:
            raise PolicyError("no log or no quorum")
        return Policy(
            logs=tuple(self.logs),
            witnesses=self.witnesses,
            groups=self.groups,
            quorum=self.quorum,
            urls=self.urls,
        )

    def _new_key(self, vkey: VKey) -> VKey:
        if vkey.public in self.keys:
            raise PolicyError("one key stands twice")
        self.keys.add(vkey.public)
        return vkey

    def _new_name(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise PolicyError("a name is reserved or defined twice")

    def _require(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyError("a name that no earlier line defines")

    def _group(self, threshold: str, members: list[str]) -> Group:
        for member in members:
            self._require(member)
            if member in self.grouped:
                raise PolicyError("a member of two groups")
            self.grouped.add(member)
        count = len(members)
        named = {"all": count, "any": 1}
        k = named[threshold] if threshold in named else read_decimal(threshold, PolicyError)
        if not 1 <= k <= count:
            raise PolicyError("a threshold that is no number of members")
        return Group(k, tuple(members))


def _log_key(text: str) -> VKey:
    vkey = read_vkey(text)
    if vkey.kind not in _LOG_KINDS:
        raise PolicyError("not a log's key")
    return vkey


def _witness_key(text: str) -> VKey:
    vkey = read_vkey(text)
    if vkey.kind not in _WITNESS_KINDS:
        raise PolicyError("not a witness's key")
    return vkey
