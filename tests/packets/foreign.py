"""Two JOSE libraries that are not ours: jwcrypto in Python, jose in JavaScript."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from jwcrypto.common import JWException
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from playwright._impl._driver import compute_driver_executable

ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("foreign.mjs")
_JOSE = ROOT / ".tools" / "assets" / "node_modules" / "jose" / "dist" / "webapi" / "index.js"
_BATCH: Final = 60
_TRIES: Final = 6
_SHAPE = ("kty", "crv", "x", "y", "d")
Answer = Mapping[str, str]
Library = Callable[[Sequence[Mapping[str, Any]]], list[Answer]]


def python(work: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Do ``work`` with jwcrypto; each answer is ``{"ok": text}`` or ``{"refused": why}``."""
    return [_answer(one) for one in work]


def javascript(work: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """As :func:`python`, with jose, in Node processes of a batch each."""
    if not _JOSE.is_file():
        pytest.skip("the JavaScript library jose is not there: python3 manage.py assets")
    found: list[Answer] = []
    for start in range(0, len(work), _BATCH):
        found += _asked(json.dumps({"work": work[start : start + _BATCH]}))
    return found


def _asked(question: str) -> list[Answer]:
    # The Node that comes with the browser driver (26.13) now and then dies of its own allocator.
    # That is no answer, neither yes nor no: the same question is asked again.
    words = [str(_node()), str(_SCRIPT), str(_JOSE)]
    for _ in range(_TRIES):
        done = subprocess.run(words, input=question, capture_output=True, text=True, check=False)
        if done.returncode >= 0:
            done.check_returncode()
            answers: list[Answer] = json.loads(done.stdout)
            return answers
    raise RuntimeError(f"node died {_TRIES} times, last of signal {-done.returncode}")


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
