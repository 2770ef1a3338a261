"""SD-JWT: the RFC's own examples, presented = selected for any tree, and every strict refusal."""

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path as File
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    payload_of,
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
    Path,
    digest,
    reveal,
)
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PrivateKey, PublicKey, generate, public_of

_FILE = File(__file__).parents[2] / "vectors" / "sdjwt" / "rfc9901.json"
VECTORS: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
EXAMPLE = VECTORS["example"]
CLAIMS = {"a": 1, "b": {"c": "济南", "d": [1, {"e": None}, [2]]}, "f": [True, ""]}


def refused(text: str, code: str, **options: Any) -> None:
    with pytest.raises(JoseError) as error:
        verified(text, **options)
    assert error.value.reason == code, str(error.value)


class TestExamplesOfTheRfc:
    @pytest.mark.parametrize("case", VECTORS["disclosures"])
    def test_disclosures_and_digests(self, case: dict[str, Any]) -> None:
        assert json.loads(b64u_decode(case["text"])) == case["said"]
        assert "digest" not in case or digest(case["text"]) == case["digest"]

    @pytest.mark.parametrize("name", VECTORS["nested"])
    def test_nested_data(self, name: str) -> None:
        case = VECTORS["nested"][name]
        found = reveal(json.dumps(case["payload"]).encode(), case["disclosures"])

        assert found.claims == case["claims"]

    def test_the_presentation_with_key_binding(self) -> None:
        shown = [EXAMPLE["disclosures"][name] for name in EXAMPLE["presented"]]
        payload = b64u_decode(EXAMPLE["issued"].split(".")[1])
        text = sdjwt.join(EXAMPLE["issued"], shown)
        wanted = sdjwt.Binding(
            audience=EXAMPLE["aud"],
            nonce=EXAMPLE["nonce"],
            at=AT.fromtimestamp(EXAMPLE["iat"], AT.tzinfo),
            max_age=timedelta(0),
        )

        assert digest(text) == EXAMPLE["sd_hash"]
        jws._check_signature(EXAMPLE["issued"], PublicKey.read(EXAMPLE["issuer_jwk"], use="sig"))
        found = reveal(payload, shown)
        assert found.claims == EXAMPLE["processed"]
        holder = PublicKey.read(found.claims["cnf"]["jwk"], use="sig")
        jws._check_signature(EXAMPLE["binding"], holder)
        sdjwt.check_said(b64u_decode(EXAMPLE["binding"].split(".")[1]), text, wanted)

    def test_presenting_some_of_it_gives_the_same_disclosures(self) -> None:
        whole = sdjwt.join(EXAMPLE["issued"], list(EXAMPLE["disclosures"].values()))
        kept = {("family_name",), ("address",), ("given_name",), ("nationalities", 0)}

        shown = sdjwt.present(whole, kept.__contains__).split("~")[1:-1]

        assert set(shown) == {EXAMPLE["disclosures"][name] for name in EXAMPLE["presented"]}

    def test_all_of_it(self) -> None:
        texts = list(EXAMPLE["disclosures"].values())
        found = reveal(b64u_decode(EXAMPLE["issued"].split(".")[1]), texts)

        assert found.unopened == ()
        assert found.claims["nationalities"] == ["US", "DE"]
        assert found.claims["phone_number_verified"] is True


names = st.text(max_size=4).filter(lambda name: name not in {"_sd", "_sd_alg", "...", "cnf"})
text_ = st.text(max_size=6).filter(lambda one: "\x00" not in one)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text_,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names.filter(lambda name: "\x00" not in name), inner, max_size=4)
    ),
    max_leaves=25,
)
trees = st.dictionaries(names.filter(lambda name: "\x00" not in name), values, max_size=5)


def paths(value: Any, here: Path = ()) -> list[Path]:
    """Every member and element below a value."""
    if isinstance(value, dict):
        inner = [((*here, name), one) for name, one in value.items()]
    elif isinstance(value, list):
        inner = [((*here, place), one) for place, one in enumerate(value)]
    else:
        return []
    return [path for path, one in inner for path in (path, *paths(one, path))]


def without(value: Any, gone: set[Path], here: Path = ()) -> Any:
    """The same value without what stands at, or under, the paths in ``gone``."""
    if isinstance(value, dict):
        return {
            name: without(one, gone, (*here, name))
            for name, one in value.items()
            if (*here, name) not in gone
        }
    if isinstance(value, list):
        kept = [(place, one) for place, one in enumerate(value) if (*here, place) not in gone]
        return [without(one, gone, (*here, place)) for place, one in kept]
    return value


class TestAnyTree:
    @settings(max_examples=150, deadline=None)
    @given(trees, st.data())
    def test_presented_is_what_was_selected_and_nothing_more(
        self, tree: dict[str, Any], data: st.DataObject
    ) -> None:
        places = paths(tree)
        hidden = {path for path in places if data.draw(st.booleans(), label=f"hide {path}")}
        gone = {path for path in hidden if data.draw(st.booleans(), label=f"drop {path}")}
        whole = issued(tree, hidden.__contains__, decoys=data.draw(st.integers(0, 3)))

        assert verified(whole).claims == tree
        shown = sdjwt.present(whole, lambda path: path not in gone)
        found = verified(shown)

        assert found.claims == without(tree, gone)
        assert sdjwt.issued_part(shown) == sdjwt.issued_part(whole) == found.issued
        kept = [path for path in hidden if not any(path[: n + 1] in gone for n in range(len(path)))]
        assert sorted(found.revealed.places, key=str) == sorted(kept, key=str)

    @settings(max_examples=80, deadline=None)
    @given(trees, st.data())
    def test_any_flipped_byte_is_refused(self, tree: dict[str, Any], data: st.DataObject) -> None:
        text = issued(tree, everything).encode()
        place = data.draw(st.integers(0, len(text) - 1))
        flipped = bytearray(text)
        flipped[place] ^= 1 << data.draw(st.integers(0, 7))

        with pytest.raises(JoseError):
            verified(flipped.decode("latin-1"))

    def test_every_byte_of_one_text(self) -> None:
        text = issued(CLAIMS, everything).encode()
        for place in range(len(text)):
            flipped = bytearray(text)
            flipped[place] ^= 1
            with pytest.raises(JoseError):
                verified(flipped.decode("latin-1"))

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=60) | st.lists(st.binary(max_size=30).map(b64u)).map("~".join))
    def test_any_text_ends_in_our_error(self, junk: str) -> None:
        whole = issued(CLAIMS)
        for text in (junk, junk + "~", whole + junk, whole[:40] + junk + whole[40:]):
            if text != whole:
                with pytest.raises(JoseError):
                    verified(text)
                with pytest.raises(JoseError):
                    sdjwt.present(text[:-1] + junk, everything)

    @settings(max_examples=150, deadline=None)
    @given(values, st.lists(values, max_size=3))
    def test_anything_an_issuer_signs_ends_in_our_words(self, body: Any, said: list[Any]) -> None:
        texts = [disclosure(SALT, *(one if isinstance(one, list) else [one])) for one in said]
        try:
            found = verified(signed(body, *texts))
        except JoseError:
            return
        assert found.claims == body


class TestWhatIsHidden:
    def test_two_issues_of_the_same_share_no_digest(self) -> None:
        first, second = (set(payload_of(issued(CLAIMS))["_sd"]) for _ in range(2))

        assert len(first) == len(second) == len(CLAIMS)
        assert not first & second

    def test_a_digest_is_not_that_of_a_guess(self) -> None:
        """Who knows the value, not the salt, cannot tell whether it is this one."""
        shown = sdjwt.present(issued({"id": "3701", "open": 1}), lambda path: path == ("open",))
        (text,) = (one for one in shown.split("~")[1:-1] if one)
        salt = json.loads(b64u_decode(text))[0]

        assert len(b64u_decode(salt)) == 16
        guesses = [["id", "3701"], ["", "id", "3701"], [salt, "id", "3701"], ["3701"]]
        digests = payload_of(shown)["_sd"]
        for guess in guesses:
            for cut in ((",", ":"), (", ", ": ")):
                told = json.dumps(guess, separators=cut).encode()
                assert digest(b64u(told)) not in digests

    def test_the_order_tells_nothing(self) -> None:
        text = issued({name: name for name in "zyxwvutsrq"})
        digests = payload_of(text)["_sd"]

        assert digests == sorted(digests)
        assert [digest(one) for one in text.split("~")[1:-1]] == digests

    def test_decoys_open_nothing(self) -> None:
        text = issued({"a": 1, "b": {"c": 2}}, everything, decoys=5)
        found = verified(text)

        assert len(payload_of(text)["_sd"]) == 7
        assert Counter(found.revealed.unopened) == {(): 5, ("b",): 5}
        assert found.claims == {"a": 1, "b": {"c": 2}}


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


def test_sixty_rows_hidden_one_by_one() -> None:
    rows = [{"month": f"{place}", "paid": place} for place in range(60)]
    draw = random.Random(9)  # noqa: S311 - a sample
    kept = set(draw.sample(range(60), 20))
    text = issued({"rows": rows}, lambda path: len(path) == 2)

    shown = sdjwt.present(text, lambda path: path[1] in kept)

    assert verified(shown).claims == {"rows": [rows[place] for place in sorted(kept)]}
