"""``manage.py bench sdjwt``: goal 10, SD-JWTs beside the public reference implementation.

The reference is no dependency of ours: where it cannot be imported, the goal could not be measured.
"""

import importlib
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from tests.bench.measuring import Bench, Goal, Round, cpu_rate, measure, options, ratio, single
from yidaitong.kernel.crypto import jws, sdjwt
from yidaitong.kernel.crypto.disclosures import Path
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of

Work = tuple[Goal, Callable[[], Round]]

HIDDEN: Final = 60
ROW_BYTES: Final = 300  # About 20 KB in all, as a packet is.
TYP: Final = "bench+sd-jwt"
_JWK: Final = generate("Ed25519")
_KEYS: Final = KeySet.of(PublicKey.read(public_of(_JWK)))
_sign: Final = partial(jws.sign, PrivateKey.read(_JWK), TYP)


class NotInstalledError(Exception):
    """There is nothing to compare with."""


def claims() -> dict[str, Any]:
    """One list of rows, each of which is hidden."""
    rows = [
        {"month": f"20{place // 12:02d}-{place % 12 + 1:02d}", "note": "x" * (ROW_BYTES - 40)}
        for place in range(HIDDEN)
    ]
    return {"iss": "https://department.example", "rows": rows}


def works() -> list[Work]:
    """Goal 10, for this command and for whoever measures packets."""
    return [
        (Goal("10a", f"SD-JWT issue / reference, {HIDDEN} hidden elements", "×", 2.0), issued),
        (Goal("10b", f"SD-JWT verify / reference, {HIDDEN} hidden elements", "×", 2.0), verified),
        (Goal("d10", f"SD-JWT verify, {HIDDEN} hidden elements, 20 KB", "/s"), alone),
    ]


def issued() -> Round:
    """Texts a second, ours and the reference's."""
    reference, told = _reference(), claims()

    def ours() -> int:
        sdjwt.issue(_sign, told, _is_row)
        return 1

    def theirs() -> int:
        reference.issue(told)
        return 1

    return ratio(cpu_rate(ours), cpu_rate(theirs))


def verified() -> Round:
    """Texts a second; both read the same one, and find the same in it."""
    reference, told = _reference(), claims()
    text = sdjwt.issue(_sign, told, _is_row)
    if reference.verify(text) != told or _verify(text) != told:
        raise ValueError("they do not agree")

    def ours() -> int:
        _verify(text)
        return 1

    def theirs() -> int:
        reference.verify(text)
        return 1

    return ratio(cpu_rate(ours), cpu_rate(theirs))


def alone() -> Round:
    """Our own rate of verifying."""
    text = sdjwt.issue(_sign, claims(), _is_row)

    def ours() -> int:
        _verify(text)
        return 1

    return single(cpu_rate(ours))


def _is_row(path: Path) -> bool:
    return len(path) == 2


def _verify(text: str) -> dict[str, Any]:
    return sdjwt.verify(text, typ=TYP, keys=_KEYS).claims


class _Reference:
    """The package ``sd-jwt`` of the standard's authors."""

    def __init__(self) -> None:
        issuer = importlib.import_module("sd_jwt.issuer")
        verifier = importlib.import_module("sd_jwt.verifier")
        common = importlib.import_module("sd_jwt.common")
        jwk = importlib.import_module("jwcrypto.jwk").JWK
        self._issuer, self._verifier = issuer.SDJWTIssuer, verifier.SDJWTVerifier
        self._hidden = common.SDObj
        point = {name: _JWK[name] for name in ("kty", "crv", "x", "d")}
        self._key = jwk.from_json(json.dumps(point))

    def issue(self, told: dict[str, Any]) -> str:
        """One text with every row hidden."""
        marked = {**told, "rows": [self._hidden(row) for row in told["rows"]]}
        return str(self._issuer(marked, self._key, sign_alg="EdDSA").sd_jwt_issuance)

    def verify(self, text: str) -> Any:
        """What it finds in a text."""
        found = dict(self._verifier(text, lambda *_: self._key).get_verified_payload())
        found.pop("_sd_alg", None)
        return found


def _reference() -> _Reference:
    try:
        return _Reference()
    except ImportError as error:
        raise NotInstalledError("the reference implementation sd-jwt is not installed") from error


def main() -> int:
    """Measure everything asked for; the exit code."""
    given = options("sdjwt")
    bench = Bench("sdjwt")
    for goal, run in works():
        if goal.id.startswith(given.only):
            bench.results.append(measure(goal, run, given.rounds))
    return bench.finish(machine=given.json)


if __name__ == "__main__":
    sys.exit(main())
