"""SD-JWTs that are refused: each flaw by its own word, and holders' proofs of every wrong kind."""

import json
from collections.abc import Callable
from datetime import timedelta
from time import process_time
from typing import Any

import pytest

from consent.encoding import b64u, b64u_decode
from tests.kernel.crypto import sdjwts
from tests.kernel.crypto.sdjwts import (
    AT,
    HOLDER,
    KEY,
    SALT,
    WANTED,
    disclosure,
    everything,
    issued,
    sign,
    sign_binding,
    signed,
    verified,
)
from yidaitong.kernel.crypto import jws, sdjwt
from yidaitong.kernel.crypto.disclosures import (
    MAX_DIGESTS,
    MAX_DISCLOSURES,
    MAX_TEXT,
    digest,
    reveal,
)
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PrivateKey, generate, public_of

CLAIMS = {"a": 1, "b": {"c": "济南", "d": [1, {"e": None}, [2]]}, "f": [True, ""]}


def refused(text: str, code: str, **options: Any) -> None:
    with pytest.raises(JoseError) as error:
        verified(text, **options)
    assert error.value.reason == code, str(error.value)


def _sd(*digests: Any) -> dict[str, Any]:
    return {"_sd": list(digests), "_sd_alg": "sha-256"}


ONE = disclosure(SALT, "a", 1)
ELEMENT = disclosure(SALT, 1)
INNER = disclosure(SALT, "b", {"_sd": [digest(ONE)]})
WRONG: dict[str, tuple[str, str]] = {
    "nothing refers to it": (signed({}, ONE), "sdjwt.disclosure"),
    "nothing left refers to it": (signed(_sd(digest(INNER)), ONE), "sdjwt.disclosure"),
    "used twice": (signed(_sd(digest(ONE)), ONE, ONE), "sdjwt.disclosure"),
    "a digest twice": (signed(_sd(digest(ONE), digest(ONE)), ONE), "sdjwt.digest"),
    "a digest twice, apart": (
        signed({"x": {"_sd": [digest(ONE)]}, **_sd(digest(ONE))}, ONE),
        "sdjwt.digest",
    ),
    "a digest twice, inside a disclosure": (
        signed(_sd(digest(INNER), digest(ONE)), INNER, ONE),
        "sdjwt.digest",
    ),
    "a decoy twice": (signed(_sd("A" * 43, "A" * 43)), "sdjwt.digest"),
    "a digest twice, in lists": (
        signed({"l": [{"...": digest(ELEMENT)}, {"...": digest(ELEMENT)}]}, ELEMENT),
        "sdjwt.digest",
    ),
    "a claim called _sd": (
        signed(_sd(digest(disclosure(SALT, "_sd", []))), disclosure(SALT, "_sd", [])),
        "sdjwt.claim",
    ),
    "a claim called ...": (
        signed(_sd(digest(disclosure(SALT, "...", 1))), disclosure(SALT, "...", 1)),
        "sdjwt.claim",
    ),
    "a claim called _sd_alg": (
        signed(_sd(digest(disclosure(SALT, "_sd_alg", 1))), disclosure(SALT, "_sd_alg", 1)),
        "sdjwt.claim",
    ),
    "a claim that is there": (signed({"a": 2, **_sd(digest(ONE))}, ONE), "sdjwt.claim"),
    "a claim disclosed twice": (
        signed(_sd(digest(ONE), digest(disclosure(SALT, "a", 2))), ONE, disclosure(SALT, "a", 2)),
        "sdjwt.claim",
    ),
    "another digest algorithm": (signed({"_sd_alg": "sha-512"}), "sdjwt.alg"),
    "no word for an algorithm": (signed({"_sd_alg": ["sha-256"]}), "sdjwt.alg"),
    "an algorithm inside": (signed({"x": {"_sd_alg": "sha-256"}}), "sdjwt.claim"),
    "three dots in clear": (signed({"...": "A" * 43}), "sdjwt.claim"),
    "three dots with company": (signed({"l": [{"...": "A" * 43, "x": 1}]}), "sdjwt.claim"),
    "digests that are no list": (signed({"_sd": "A" * 43}), "sdjwt.digest"),
    "digests that are no texts": (signed(_sd(1)), "sdjwt.digest"),
    "a digest of another length": (signed(_sd("A" * 44)), "sdjwt.digest"),
    "a digest of other letters": (signed(_sd("A" * 42 + "=")), "sdjwt.digest"),
    "an element's digest that is no text": (signed({"l": [{"...": None}]}), "sdjwt.digest"),
    "a member in a list": (signed({"l": [{"...": digest(ONE)}]}, ONE), "sdjwt.disclosure"),
    "an element among members": (signed(_sd(digest(ELEMENT)), ELEMENT), "sdjwt.disclosure"),
    "an empty disclosure": (signed(_sd(), ""), "sdjwt.disclosure"),
    "padded base64": (signed(_sd(digest("WyJB="))) + "WyJB=~", "sdjwt.disclosure"),
    "other base64": (signed(_sd(digest("W+/B")), "W+/B"), "sdjwt.disclosure"),
    "loose bits at the end": (signed(_sd(digest("WyJBIl1")), "WyJBIl1"), "sdjwt.disclosure"),
    "no JSON": (signed(_sd(digest("AAAA")), "AAAA"), "sdjwt.disclosure"),
    "an object": (signed({}, b64u(b'{"a":1}')), "sdjwt.disclosure"),
    "one member": (signed({}, disclosure(SALT)), "sdjwt.disclosure"),
    "four members": (signed({}, disclosure(SALT, "a", 1, 2)), "sdjwt.disclosure"),
    "a short salt": (signed({}, disclosure("A" * 21, "a", 1)), "sdjwt.disclosure"),
    "a salt that is no text": (signed({}, disclosure(1, "a", 1)), "sdjwt.disclosure"),
    "a name that is no text": (signed({}, disclosure(SALT, 1, 1)), "sdjwt.disclosure"),
    "a member twice": (
        signed({}, b64u(f'["{SALT}","a",{{"x":1,"x":2}}]'.encode())),
        "sdjwt.disclosure",
    ),
    "a fraction": (signed({}, b64u(f'["{SALT}","a",1.5]'.encode())), "sdjwt.disclosure"),
    "half a character": (
        signed({}, b64u(f'["{SALT}","a","\\ud800"]'.encode())),
        "sdjwt.disclosure",
    ),
    "a deep one": (signed({}, b64u(b"[" * 100_000)), "sdjwt.disclosure"),
    "a payload that is a list": (signed([]), "sdjwt.payload"),
    "a payload with a member twice": (signed(b'{"a":1,"a":1}'), "sdjwt.payload"),
    "a deep payload": (signed(b'{"a":' * 40 + b"1" + b"}" * 40), "sdjwt.payload"),
    "no tilde": (signed({})[:-1], "sdjwt.format"),
    "no issuer": ("~" + ONE + "~", "jws.format"),
    "another type": (sdjwt.join(jws.sign(KEY, "x+jws", b"{}"), []), "jws.header"),
    "a proof nobody asked for": (signed({}) + sign_binding(b"{}"), "sdjwt.binding"),
    "other letters": (signed({}) + "\u4e00~", "sdjwt.format"),
}


class TestRefused:
    @pytest.mark.parametrize("name", WRONG)
    def test_each_by_its_own_word(self, name: str) -> None:
        text, code = WRONG[name]

        refused(text, code)

    def test_nesting_beyond_the_limit(self) -> None:
        texts: list[str] = []
        value: Any = 1
        for _ in range(40):
            texts.append(disclosure(SALT, "n", value))
            value = {"_sd": [digest(texts[-1])]}

        refused(signed(value, *texts), "sdjwt.payload")

    def test_limits_in_number_and_size(self) -> None:
        many = [disclosure(SALT, f"n{place}", 1) for place in range(MAX_DISCLOSURES + 1)]
        fits = [digest(one) for one in many[:-1]]

        assert len(verified(signed({"_sd": fits}, *many[:-1])).claims) == MAX_DISCLOSURES
        refused(signed({"_sd": [digest(one) for one in many]}, *many), "size")
        refused(signed({}, "A" * MAX_TEXT), "size")
        decoys = [digest(str(place)) for place in range(MAX_DIGESTS + 1)]
        assert verified(signed({"_sd": decoys[:-1]})).claims == {}
        refused(signed({"_sd": decoys}), "sdjwt.digest")

    def test_a_stranger_and_another_key(self) -> None:
        text = issued(CLAIMS)
        with pytest.raises(JoseError) as error:
            sdjwt.verify(text, typ=sdjwts.TYP, keys={})
        assert error.value.reason == "jws.key"

    @pytest.mark.parametrize(
        "text",
        [
            "~" * 5_000_000,
            signed({}) + "~" * 2_000,
            signed({}, *[b64u(b'["' + b"A" * 22 + b'",' + b"[" * 30_000)] * 20),
            signed({}, b64u(b'["' + b"\\" * 500_000)),
            "A" * 5_000_000,
        ],
        ids=["tildes", "empty ones", "brackets", "slashes", "letters"],
    )
    def test_bombs_are_refused_at_once(self, text: str) -> None:
        began = process_time()
        with pytest.raises(JoseError):
            verified(text)
        assert process_time() - began < 0.5

    def test_reserved_names_are_never_issued(self) -> None:
        for name in ("_sd", "_sd_alg", "..."):
            with pytest.raises(JoseError, match="reserved"):
                issued({"a": [{name: 1}]})

    def test_more_disclosures_than_a_text_may_be_long(self) -> None:
        with pytest.raises(JoseError, match="too many"):
            reveal(b"{}", ["A" * MAX_TEXT, "A"])

    def test_what_was_hidden_cannot_be_put_back_changed(self) -> None:
        text = issued({"a": 1, "b": 2})
        head, first, *rest = text.split("~")
        salt, name, value = json.loads(b64u_decode(first))
        forged = disclosure(salt, name, value + 1)

        refused("~".join([head, forged, *rest]), "sdjwt.disclosure")

    def test_a_part_of_another_text_does_not_fit(self) -> None:
        one, other = issued({"a": 1}), issued({"a": 2})

        refused(sdjwt.issued_part(one) + "~" + other.split("~")[1] + "~", "sdjwt.disclosure")


def bound(**changes: Any) -> str:
    claims = {"cnf": {"jwk": public_of(HOLDER)}, "a": 1, "b": 2}
    text = issued(claims, lambda path: path != ("cnf",) and path[0] != "cnf")
    shown = sdjwt.present(text, lambda path: path == ("a",))
    told = {"audience": "bank-a", "nonce": "n-1", "at": AT, **changes}
    return sdjwt.bind(shown, sign_binding, **told)


def resaid(change: Callable[[dict[str, Any]], Any]) -> str:
    """The holder signs something else."""
    head, _, proof = bound().rpartition("~")
    said = json.loads(b64u_decode(proof.split(".")[1]))
    change(said)
    return f"{head}~{sign_binding(json.dumps(said).encode())}"


class TestKeyBinding:
    def test_a_good_one(self) -> None:
        found = verified(bound(), binding=WANTED)

        assert found.claims == {"cnf": {"jwk": public_of(HOLDER)}, "a": 1}

    @pytest.mark.parametrize(
        "changes",
        [
            {"audience": "bank-b"},
            {"nonce": "n-2"},
            {"at": AT - timedelta(minutes=5, seconds=1)},
            {"at": AT + timedelta(seconds=61)},
        ],
        ids=["audience", "nonce", "old", "early"],
    )
    def test_for_somebody_or_something_else(self, changes: dict[str, Any]) -> None:
        refused(bound(**changes), "sdjwt.binding", binding=WANTED)

    @pytest.mark.parametrize("seconds", [-60, 0, 300])
    def test_the_edges_of_its_age(self, seconds: int) -> None:
        assert verified(bound(at=AT - timedelta(seconds=seconds)), binding=WANTED)

    def test_missing_or_unasked(self) -> None:
        text = bound()
        refused(text[: text.rindex("~") + 1], "sdjwt.binding", binding=WANTED)
        refused(text[: text.rindex("~") + 1], "sdjwt.binding")
        refused(text, "sdjwt.binding")
        refused(issued({"a": 1}), "sdjwt.binding", binding=WANTED)

    def test_of_another_presentation(self) -> None:
        head, _, proof = bound().rpartition("~")
        text = sdjwt.join(sdjwt.issued_part(head), []) + proof

        refused(text, "sdjwt.binding", binding=WANTED)

    @pytest.mark.parametrize(
        "change",
        [
            lambda said: said.update(iat=True),
            lambda said: said.update(iat="1"),
            lambda said: said.update(aud=["bank-a"]),
            lambda said: said.update(sd_hash=None),
            lambda said: said.pop("nonce"),
            lambda said: said.update(exp=1),
        ],
        ids=["flag", "text", "list", "null", "missing", "more"],
    )
    def test_members_of_another_kind(self, change: Callable[[dict[str, Any]], Any]) -> None:
        refused(resaid(change), "sdjwt.binding", binding=WANTED)

    def test_a_proof_that_is_no_json(self) -> None:
        head, _, _proof = bound().rpartition("~")

        refused(f"{head}~{sign_binding(b'[')}", "sdjwt.binding", binding=WANTED)

    def test_by_another_key_or_of_another_type(self) -> None:
        head, _, proof = bound().rpartition("~")
        said = b64u_decode(proof.split(".")[1])
        refused(f"{head}~{sign(said)}", "jws.header", binding=WANTED)
        stranger = jws.sign(PrivateKey.read(generate("Ed25519")), sdjwt.KB_TYP, said)
        refused(f"{head}~{stranger}", "jws.key", binding=WANTED)
        refused(f"{head}~{'A' * 5000}", "size", binding=WANTED)

    @pytest.mark.parametrize("cnf", [None, {}, {"jwk": 1}, {"kid": "x"}, {"jwk": {}}])
    def test_a_holder_that_is_none(self, cnf: Any) -> None:
        text = sdjwt.bind(signed({"cnf": cnf}), sign_binding, audience="bank-a", nonce="n-1", at=AT)
        with pytest.raises(JoseError):
            verified(text, binding=WANTED)

    def test_the_holders_key_cannot_be_left_out_by_whoever_presents(self) -> None:
        text = issued({"cnf": {"jwk": public_of(HOLDER)}}, lambda path: path == ("cnf",))

        refused(text, "sdjwt.binding")

    def test_a_bound_text_is_not_presented_again(self) -> None:
        with pytest.raises(JoseError, match="bound"):
            sdjwt.present(bound(), everything)
