"""Two JOSE libraries that are not ours: jwcrypto in Python, jose in JavaScript."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.common import JWException
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from playwright._impl._driver import compute_driver_executable

ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("foreign.mjs")
_JOSE = ROOT / ".tools" / "assets" / "node_modules" / "jose" / "dist" / "webapi" / "index.js"
_SHAPE = ("kty", "crv", "x", "y", "d")
Answer = Mapping[str, str]
Library = Callable[[Sequence[Mapping[str, Any]]], list[Answer]]


def python(work: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Do ``work`` with jwcrypto; each answer is ``{"ok": text}`` or ``{"refused": why}``."""
    return [_answer(one) for one in work]


def javascript(work: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """As :func:`python`, with jose, in one Node process."""
    node = _node()
    if not _JOSE.is_file():
        pytest.skip("the JavaScript library jose is not there: python3 manage.py assets")
    words = [node, str(_SCRIPT), str(_JOSE)]
    question = json.dumps({"work": work})
    done = subprocess.run(words, input=question, capture_output=True, text=True, check=True)
    answers: list[Answer] = json.loads(done.stdout)
    return answers


LIBRARIES: Mapping[str, Library] = {"python": python, "javascript": javascript}


def _node() -> str:
    # The browser driver brings a Node of its own: none has to be installed.
    return str(compute_driver_executable()[0])


def _answer(one: Mapping[str, Any]) -> Answer:
    acts: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
        "decrypt": _decrypt, "verify": _verify, "encrypt": _encrypt, "sign": _sign
    }  # fmt: skip
    try:
        return {"ok": acts[one["do"]](one)}
    except (JWException, ValueError, TypeError, KeyError) as error:
        return {"refused": type(error).__name__}


def _key(jwk: Mapping[str, str]) -> JWK:
    return JWK(**{name: jwk[name] for name in _SHAPE if name in jwk})


def _decrypt(one: Mapping[str, Any]) -> str:
    found = JWE(algs=["ECDH-ES+A256KW", "A256GCM"])
    found.deserialize(one["text"], _key(one["key"]))
    return str(found.payload.decode())


def _verify(one: Mapping[str, Any]) -> str:
    found = JWS()
    found.allowed_algs = ["EdDSA", "ES256"]
    found.deserialize(one["text"], _key(one["key"]))
    return str(found.payload.decode())


def _encrypt(one: Mapping[str, Any]) -> str:
    made = JWE(one["payload"].encode(), json.dumps(one["header"]))
    made.add_recipient(_key(one["key"]))
    return str(made.serialize(compact=True))


def _sign(one: Mapping[str, Any]) -> str:
    made = JWS(one["payload"].encode())
    made.add_signature(_key(one["key"]), protected=json.dumps(one["header"]))
    return str(made.serialize(compact=True))
