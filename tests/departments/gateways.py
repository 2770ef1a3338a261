"""A gateway to live departments without a database: its ticket key is made here."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.sandboxes import LiveSandbox
from yidaitong.departments.gateway import Gateway
from yidaitong.departments.wire import TICKET_TYP, Order, Question, make_order
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import PrivateKey, generate, public_of
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.settings import Settings
from yidaitong.sandbox.keys import pins_path, platform_path

FIRM = "91370199MA31U2DL73"
NAME = "济南鑫源达机电有限公司"
DEADLINE = 0.6


class Platform:
    """Our side of the ticket: a private key, and its public part where departments look."""

    def __init__(self, home: Path, use: str = "ticket") -> None:
        jwk = generate("Ed25519", ydt_owner="platform", ydt_use=use)
        self.home = home
        self.key = PrivateKey.read(jwk)
        home.mkdir(parents=True, exist_ok=True)
        platform_path(home).write_text(json.dumps({"keys": [public_of(jwk)]}), encoding="utf-8")

    def sign(self, payload: bytes) -> str:
        return jws.sign(self.key, TICKET_TYP, payload)

    def order(self, resource: str = "TAX.PAY", **changes: Any) -> Order:
        """One dispatch about the firm, its ticket good for three seconds."""
        return make_order(question(resource, **changes), wall() + timedelta(seconds=3), self.sign)


def question(resource: str = "TAX.PAY", **changes: Any) -> Question:
    fields = {"TAX.PAY": ("paid",), "SAMR.REG": ("uscc", "name", "status", "est_date")}
    asked = Question(
        pull_id=uuid7(),
        line_id=uuid7(),
        attempt=1,
        resource=resource,
        uscc=FIRM,
        name=NAME,
        fields=fields.get(resource, ()),
        consent_digest="D" * 43,
        purpose="ORIGINATION",
        bank_id="bank-qilu",
    )
    return replace(asked, **changes)


def settings_to(url: str, pins: Path, **changes: Any) -> Settings:
    made = Settings(
        env="test",
        database_url="",
        owner_database_url="",
        ledger_database_url="",
        redis_url="",
        secret_key="",
        keks={},
        gateway_url=url,
        identity_provider_url=f"{url}/identity",
        gateway_keys_file=pins,
        allow_private_addresses=True,
        call_deadline_seconds=DEADLINE,
    )
    return replace(made, **changes)


@contextmanager
def a_gateway(live: LiveSandbox, platform: Platform, **changes: Any) -> Iterator[Gateway]:
    """A gateway to the live departments, with other settings if asked."""
    url = changes.pop("gateway_url", live.url)
    pins = changes.pop("gateway_keys_file", pins_path(live.home))
    gateway = Gateway(settings_to(url, pins, **changes), platform.sign)
    try:
        yield gateway
    finally:
        gateway.close()
