"""Settings from ``YDT_*`` variables, read once; all mistakes are reported together."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yidaitong.kernel.variables import MIN_SECRET_BYTES, READERS, secret


class SettingsError(Exception):
    """One or more variables are missing or wrong; ``problems`` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between installations. Secrets stay out of the repr."""

    env: str = "prod"
    home: Path = Path(".ydt")
    # The application's role. The other two default to the same server with the role switched,
    # which needs a login that is a member of both; production gives three logins.
    database_url: str = field(repr=False)
    owner_database_url: str = field(repr=False)
    ledger_database_url: str = field(repr=False)
    # A folder on the database's volume, where that is ours to look at: under 5 % free, nothing is
    # widened. Unset: a server elsewhere, which its own operator watches.
    database_volume: Path | None = None
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    # Versions of the key-encryption key, as YDT_KEK (version 1) and YDT_KEK_<n> give them.
    keks: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    # What holds them: "env", "file" (in the folder below), an entry point or module:factory.
    kek_provider: str = "env"
    kek_dir: Path | None = None
    # One line for a plug-in, such as the address of a key service and how to sign in there.
    kek_config: str = field(default="", repr=False)
    # A version older than this is due to be followed by another.
    kek_days: int = 30
    # Signing keys older than this change by themselves.
    signing_key_rotation: bool = True
    signing_key_days: int = 365
    # Crypto suites this installation allows. The first is the one of everything of our own; a
    # packet is in the suite of the key its bank pinned.
    suites: tuple[str, ...] = ("intl",)
    base_url: str = "http://127.0.0.1:8000"
    cookie_secure: bool = True
    ledger_origin: str = "log.yidaitong.example/ledger"
    ledger_head_file: Path = Path(".ydt/ledger/head")
    # Our publishing policy (C2SP tlog-policy): witnesses, their addresses, the quorum a head needs
    # before anybody sees it. Unset: no witness is asked.
    ledger_policy_file: Path | None = None
    # With witnesses: how old the newest time of one may be before nothing is released any more.
    ledger_anchor_seconds: int = 14_400
    # Both keys sign each head so long after the log's key was changed.
    ledger_key_overlap_days: int = 30
    # An SM2 line on each head beside the Ed25519 one; needs sm among the suites.
    ledger_sm2_line: bool = False
    # Where the published log is kept as files for a plain web server; unset: nowhere.
    ledger_export_dir: Path | None = None
    # One address prefix for all departments; each department's code is appended in lower case.
    gateway_url: str = "http://127.0.0.1:8100"
    # Pinned public keys of the departments, a JWK set whose keys carry ydt_owner.
    gateway_keys_file: Path = Path(".ydt/sandbox/departments.jwks.json")
    # Certificate authorities of the departments' network; unset: the public ones.
    gateway_ca_file: Path | None = None
    identity_provider_url: str = "http://127.0.0.1:8100/identity"
    # Sandbox and loopback addresses are refused unless this is on.
    allow_private_addresses: bool = False
    call_deadline_seconds: float = 3.0
    # Calls one department gets at once, from all workers together.
    department_calls: int = 8
    # A department that failed so often in a row is left alone but for single probes.
    breaker_failures: int = 5
    breaker_probe_seconds: float = 2.0
    line_deadline_seconds: int = 900
    line_retry_seconds: float = 2.0
    line_attempts: int = 8
    lease_seconds: int = 10
    pull_ttl_seconds: int = 86_400
    packet_ttl_seconds: int = 86_400
    # How often the registry is asked about each enterprise, and how many are asked about at once.
    watch_seconds: int = 86_400
    watch_batch: int = 20
    # A receiver that does not answer is tried again after up to so long, doubled each time up to
    # the cap; a notice that stays unanswered for the third of these is shown to people.
    notice_retry_seconds: float = 60.0
    notice_retry_cap_seconds: float = 21_600.0
    notice_escalate_seconds: int = 259_200
    # Certificate authorities of the banks' callback addresses; unset: the public ones.
    callback_ca_file: Path | None = None
    session_idle_minutes: int = 15
    session_max_hours: int = 8
    login_failures_per_quarter: int = 10
    rep_failures_per_day: int = 5
    argon2_memory_kib: int = 19_456
    rate_limits: bool = True
    # Where a bank that uses the portal itself keeps its private keys; unset: the portal cannot
    # open packets, the bank fetches and opens them in its own house.
    bank_keys_dir: Path | None = None
    fail_point: str = ""

    @property
    def suite(self) -> str:
        """The suite of leaves, artefacts, receipts and new data keys."""
        return self.suites[0]


_REQUIRED = ("database_url", "redis_url", "secret_key")
_KEK_VARIABLE = re.compile(r"YDT_KEK(?:_([1-9][0-9]{0,3}))?(?:_FILE)?")


def psycopg_url(url: str) -> str:
    """The same address with our driver named."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def with_role(url: str, role: str) -> str:
    """``url`` whose sessions switch to ``role`` at once."""
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}options=-crole%3D{role}"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read ``YDT_*`` variables; ``YDT_X_FILE`` names a file that holds the value of ``YDT_X``.

    Raises:
        SettingsError: something is missing or wrong; it lists every problem.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, reader in READERS.items():
        raw = _raw(source, f"YDT_{name.upper()}", problems)
        if raw is None:
            if name in _REQUIRED:
                problems.append(f"YDT_{name.upper()} is missing")
            continue
        try:
            values[name] = reader(raw)
        except ValueError as error:
            problems.append(f"YDT_{name.upper()}: {error}")
    values["keks"] = _keks(source, problems)
    if problems:
        raise SettingsError(problems)
    return _complete(values)


def _keks(source: Mapping[str, str], problems: list[str]) -> dict[int, bytes]:
    """Versions that are given; where the environment is what holds them, one must be."""
    names = {
        variable.removesuffix("_FILE"): int(told[1] or 1)
        for variable in source
        if (told := _KEK_VARIABLE.fullmatch(variable)) is not None
    }
    if not names and source.get("YDT_KEK_PROVIDER", "env") == "env":
        problems.append("YDT_KEK is missing")
    if len(set(names.values())) < len(names):
        problems.append("YDT_KEK and YDT_KEK_1 are the same version: give one of them")
    found: dict[int, bytes] = {}
    for name, version in names.items():
        try:
            found[version] = secret(_raw(source, name, problems) or "")
        except ValueError as error:
            problems.append(f"{name}: {error}")
    return found


def _raw(source: Mapping[str, str], variable: str, problems: list[str]) -> str | None:
    path = source.get(f"{variable}_FILE")
    if path is None:
        return source.get(variable)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        problems.append(f"{variable}_FILE cannot be read: {error.strerror}")
        return ""


def _complete(values: dict[str, Any]) -> Settings:
    base = psycopg_url(values["database_url"])
    split = "owner_database_url" not in values and "ledger_database_url" not in values
    values["owner_database_url"] = psycopg_url(values.get("owner_database_url", base))
    values["ledger_database_url"] = psycopg_url(values.get("ledger_database_url", base))
    values["database_url"] = base
    if split:
        values["database_url"] = with_role(base, "ydt_app")
        values["ledger_database_url"] = with_role(base, "ydt_ledger")
    problems = _inconsistent(values)
    if problems:
        raise SettingsError(problems)
    return Settings(**values)


def _in_the_clear(values: Mapping[str, Any]) -> list[str]:
    """Personal data crosses the open internet under TLS only."""
    if values.get("allow_private_addresses"):
        return []
    names = ("gateway_url", "identity_provider_url")
    return [
        f"YDT_{name.upper()} must be https in production"
        for name in names
        if values.get(name, "https:").startswith("http:")
    ]


def _inconsistent(values: Mapping[str, Any]) -> list[str]:
    problems = []
    if len(values["secret_key"]) < MIN_SECRET_BYTES:
        problems.append("YDT_SECRET_KEY: at least 32 characters")
    if values.get("ledger_sm2_line") and "sm" not in values.get("suites", ()):
        problems.append("YDT_LEDGER_SM2_LINE: needs sm in YDT_SUITES")
    if values.get("env", "prod") == "prod":
        if values.get("fail_point"):
            problems.append("YDT_FAIL_POINT is for tests only")
        if values.get("cookie_secure") is False:
            problems.append("YDT_COOKIE_SECURE cannot be off in production")
        problems += _in_the_clear(values)
    return problems
