"""SD-JWT: the RFC's own examples, presented = selected for any tree, and every strict refusal."""

import json
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.encoding import b64u, b64u_decode
from tests.kernel.crypto.sdjwts import (
    AT,
    SALT,
    disclosure,
    everything,
    issued,
    payload_of,
    signed,
    verified,
)
from tests.kernel.crypto.test_known_answers import check_signature
from yidaitong.kernel.crypto import sdjwt
from yidaitong.kernel.crypto.disclosures import (
    Path,
    digest,
    reveal,
)
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PublicKey

_FILE = File(__file__).parents[2] / "vectors" / "sdjwt" / "rfc9901.json"
VECTORS: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
EXAMPLE = VECTORS["example"]
CLAIMS = {"a": 1, "b": {"c": "济南", "d": [1, {"e": None}, [2]]}, "f": [True, ""]}


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
        check_signature(EXAMPLE["issued"], PublicKey.read(EXAMPLE["issuer_jwk"], use="sig"))
        found = reveal(payload, shown)
        assert found.claims == EXAMPLE["processed"]
        holder = PublicKey.read(found.claims["cnf"]["jwk"], use="sig")
        check_signature(EXAMPLE["binding"], holder)
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


def test_sixty_rows_hidden_one_by_one() -> None:
    rows = [{"month": f"{place}", "paid": place} for place in range(60)]
    draw = random.Random(9)  # noqa: S311 - a sample
    kept = set(draw.sample(range(60), 20))
    text = issued({"rows": rows}, lambda path: len(path) == 2)

    shown = sdjwt.present(text, lambda path: path[1] in kept)

    assert verified(shown).claims == {"rows": [rows[place] for place in sorted(kept)]}
