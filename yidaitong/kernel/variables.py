"""How each ``YDT_*`` variable is read: one reader a setting, each says what it wants."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import SuiteUnavailableError

MIN_SECRET_BYTES = 32
ENVIRONMENTS = ("prod", "demo", "test")


def secret(raw: str) -> bytes:
    """32 bytes in hexadecimal.

    Raises:
        ValueError: it is not.
    """
    value = bytes.fromhex(raw)
    if len(value) != MIN_SECRET_BYTES:
        raise ValueError("must be 32 bytes in hexadecimal")
    return value


def _flag(raw: str) -> bool:
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be true or false")


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(raw: str) -> Any:
        value = kind(raw)
        if value <= 0:
            raise ValueError("must be above zero")
        return value

    return read


def _environment(raw: str) -> str:
    if raw not in ENVIRONMENTS:
        raise ValueError(f"must be one of {', '.join(ENVIRONMENTS)}")
    return raw


def _suites(raw: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in raw.split(","))
    if len(set(names)) != len(names):
        raise ValueError("names a suite twice")
    try:
        for name in names:
            suites.allowed(name, names)
    except SuiteUnavailableError as error:
        raise ValueError(f"{error} / {error.text.zh}: {error.reason}") from error
    return names


def _folder(raw: str) -> Path:
    if not Path(raw).is_dir():
        raise ValueError("must be a folder that is there")
    return Path(raw)


def _address(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http or https address")
    return raw.rstrip("/")


READERS: Mapping[str, Callable[[str], Any]] = {
    "env": _environment,
    "home": Path,
    "database_url": str,
    "owner_database_url": str,
    "ledger_database_url": str,
    "database_volume": _folder,
    "redis_url": str,
    "secret_key": str,
    "kek_provider": str,
    "kek_dir": _folder,
    "kek_config": str,
    "kek_days": _positive(int),
    "signing_key_rotation": _flag,
    "signing_key_days": _positive(int),
    "suites": _suites,
    "base_url": str,
    "cookie_secure": _flag,
    "ledger_origin": str,
    "ledger_head_file": Path,
    "ledger_policy_file": Path,
    "ledger_anchor_seconds": _positive(int),
    "ledger_key_overlap_days": _positive(int),
    "ledger_sm2_line": _flag,
    "ledger_export_dir": Path,
    "gateway_url": _address,
    "gateway_keys_file": Path,
    "gateway_ca_file": Path,
    "identity_provider_url": _address,
    "allow_private_addresses": _flag,
    "call_deadline_seconds": _positive(float),
    "department_calls": _positive(int),
    "breaker_failures": _positive(int),
    "breaker_probe_seconds": _positive(float),
    "line_deadline_seconds": _positive(int),
    "line_retry_seconds": _positive(float),
    "line_attempts": _positive(int),
    "lease_seconds": _positive(int),
    "pull_ttl_seconds": _positive(int),
    "packet_ttl_seconds": _positive(int),
    "watch_seconds": _positive(int),
    "watch_batch": _positive(int),
    "notice_retry_seconds": _positive(float),
    "notice_retry_cap_seconds": _positive(float),
    "notice_escalate_seconds": _positive(int),
    "callback_ca_file": Path,
    "session_idle_minutes": _positive(int),
    "session_max_hours": _positive(int),
    "login_failures_per_quarter": _positive(int),
    "rep_failures_per_day": _positive(int),
    "argon2_memory_kib": _positive(int),
    "rate_limits": _flag,
    "bank_keys_dir": Path,
    "fail_point": str,
}
