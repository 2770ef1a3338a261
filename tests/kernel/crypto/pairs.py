"""Keys of both suites, the samples of the standards, and a mark for what needs SM2."""

import json
from pathlib import Path
from typing import Any

import pytest

from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import SuiteUnavailableError
from yidaitong.kernel.crypto.keys import PrivateKey, PublicKey, generate, public_of
from yidaitong.kernel.crypto.provider import Provider

_FILE = Path(__file__).parents[2] / "vectors" / "sm" / "standards.json"
VECTORS: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
INTL, SM = suites.of("intl"), suites.of("sm")
TYP, CTY, PAYLOAD = "ydt-test+jws", "ydt-test+json", b'{"a":1}'
_CURVES = {"intl": ("Ed25519", "X25519"), "sm": ("SM2", "SM2")}


def missing() -> str:
    """Why this computer cannot do SM2; empty where it can."""
    try:
        SM.require()
    except SuiteUnavailableError as error:
        return error.reason
    return ""


needs_sm2 = pytest.mark.skipif(bool(missing()), reason=f"no SM2 here: {missing()}")
BOTH = [pytest.param(INTL, id="intl"), pytest.param(SM, id="sm", marks=needs_sm2)]


def a_pair(suite: Provider, use: str) -> tuple[PrivateKey, PublicKey]:
    jwk = generate(_CURVES[suite.suite][use == "enc"], use=use)
    return PrivateKey.read(jwk), PublicKey.read(public_of(jwk))
