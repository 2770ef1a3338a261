"""Both forms of an answer, and what nobody can hold back, add or guess in the one that narrows."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from consent.encoding import b64u, b64u_decode
from tests.departments.gateways import FIRM, Platform
from yidaitong.departments import forms
from yidaitong.departments.answers import Outcome
from yidaitong.departments.definitions import AnswerForm
from yidaitong.departments.items import ITEMS
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.verifying import AnswerRefusedError, check
from yidaitong.departments.wire import ANSWER_TYP, Envelope, Order, WireError, write_envelope
from yidaitong.kernel.clock import business_date, wall
from yidaitong.kernel.crypto import jws, sdjwt
from yidaitong.kernel.crypto.concealing import conceal
from yidaitong.kernel.crypto.disclosures import digest
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of

JWK = generate("Ed25519", ydt_owner="SAMR")
KEYS = KeySet.of(PublicKey.read(public_of(JWK)))
SIGNER = partial(jws.sign, PrivateKey.read(JWK))
ASKED = ("est_date", "rep_age", "officers")
ITEMS_GIVEN: dict[str, Any] = {
    "est_date": "2015-03-01",
    "rep_age": 44,
    "rep_id_masked": "3701**********1234",
    "officers": [{"name": "王伟", "post": "董事"}, {"name": "李芳", "post": "监事"}],
}


def envelope(**changes: Any) -> Envelope:
    made = Envelope(
        resource="SAMR.REG",
        subject_code=FIRM,
        outcome=Outcome.DATA,
        as_of=date(2026, 3, 1),
        produced_at=datetime.fromisoformat("2026-03-02T01:20:04.118+00:00"),
        serial="S-1",
        items=ITEMS_GIVEN,
        request_sha256="R" * 43,
    )
    return replace(made, **changes)


def payload_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b64u_decode(sdjwt.issued_part(text).split(".")[1]))
    return found


def signed(change: Callable[[dict[str, Any]], Any], hides: Any = forms._is_item) -> str:
    """An SD-JWT of the department, wrong in one thing and signed all the same."""
    text = forms.sign(envelope(), SIGNER)
    body = sdjwt.opened(text).claims
    change(body)
    made = conceal(body, hides)
    typ = forms.TYPS[AnswerForm.SD_JWT]
    return sdjwt.join(SIGNER(typ, made.payload), made.disclosures)


class TestForms:
    @pytest.mark.parametrize("form", AnswerForm)
    def test_each_reads_back(self, form: AnswerForm) -> None:
        written = forms.write(envelope(), form)
        text = written.around(SIGNER(written.typ, written.payload))

        assert forms.form_of(text) is form
        assert forms.verify(text, form, KEYS).envelope == envelope()
        assert forms.reopen(text).envelope == envelope()

    def test_neither_is_taken_for_the_other(self) -> None:
        one, other = (
            written.around(SIGNER(written.typ, written.payload))
            for written in (forms.write(envelope(), form) for form in AnswerForm)
        )

        with pytest.raises(JoseError):
            forms.verify(one, AnswerForm.SD_JWT, KEYS)
        with pytest.raises(JoseError):
            forms.verify(other, AnswerForm.JWS, KEYS)
        # Not even with the other one's dress on.
        with pytest.raises(JoseError, match="type"):
            forms.verify(one + "~", AnswerForm.SD_JWT, KEYS)
        with pytest.raises(JoseError, match="type"):
            forms.verify(sdjwt.issued_part(other), AnswerForm.JWS, KEYS)

    def test_nothing_of_the_items_is_in_clear(self) -> None:
        text = forms.sign(envelope(), SIGNER)
        clear = json.dumps(payload_of(text), ensure_ascii=False)

        assert payload_of(text)["given"] == list(ASKED)
        assert not any(word in clear for word in ("3701**", "2015", "王伟", "rep_id_masked"))
        # No digest over all items: with it, whoever knows the others could guess the last one.
        assert "sha256" not in payload_of(text)

    def test_the_number_of_digests_tells_nothing(self) -> None:
        fields = len(RESOURCES["SAMR.REG"].fields)
        for items in (ITEMS_GIVEN, {"est_date": None}):
            text = forms.sign(envelope(items=items), SIGNER)
            assert len(payload_of(text)["items"]["_sd"]) == fields

    def test_no_record_shows_no_items(self) -> None:
        nothing = envelope(outcome=Outcome.NO_RECORD, items={})

        assert (
            forms.verify(forms.sign(nothing, SIGNER), AnswerForm.SD_JWT, KEYS).envelope == nothing
        )


class TestNarrowed:
    def test_only_the_named_items_are_left(self) -> None:
        whole = forms.sign(envelope(), SIGNER)
        text = forms.narrowed(whole, {"est_date", "rep_age"})

        found = forms.verify(text, AnswerForm.SD_JWT, KEYS)
        assert found.envelope.items == {"est_date": "2015-03-01", "rep_age": 44}
        assert found.missing == {"officers"}
        assert forms.signed_sha256(text) == forms.signed_sha256(whole)
        assert len(text.split("~")) == 4

    def test_what_comes_beside_is_not_missed(self) -> None:
        text = forms.narrowed(forms.sign(envelope(), SIGNER), set(ASKED))

        found = forms.verify(text, AnswerForm.SD_JWT, KEYS)
        assert found.missing == frozenset()
        assert "rep_id_masked" not in found.envelope.items

    @pytest.mark.promise("T1")
    def test_the_hidden_value_cannot_be_found_by_trying_all(self) -> None:
        """Ten thousand endings of a masked number: none of them is told by a digest."""
        text = forms.narrowed(forms.sign(envelope(), SIGNER), set(ASKED))
        digests = set(payload_of(text)["items"]["_sd"])
        shown = [json.loads(b64u_decode(one)) for one in text.split("~")[1:-1]]
        for salt in {"", *(one[0] for one in shown)}:
            for ending in range(0, 10_000, 7 if salt else 1):
                said = [salt, "rep_id_masked", f"3701**********{ending:04d}"]
                raw = json.dumps(said, separators=(",", ":")).encode()
                assert digest(b64u(raw)) not in digests


WRONG: dict[str, Callable[[], str]] = {
    "another version": lambda: signed(lambda body: body.update(v="ydt-answer/1")),
    "another department": lambda: signed(lambda body: body.update(department="TAX")),
    "a member more": lambda: signed(lambda body: body.update(extra=1)),
    "a member less": lambda: signed(lambda body: body.pop("as_of")),
    "given, no list": lambda: signed(lambda body: body.update(given="est_date")),
    "given, no texts": lambda: signed(lambda body: body.update(given=[1])),
    "given twice": lambda: signed(lambda body: body["given"].append("est_date")),
    "given what stands beside": lambda: signed(lambda body: body["given"].append("rep_id_masked")),
    "not said to be given": lambda: signed(lambda body: body["given"].remove("est_date")),
    "items in clear": lambda: signed(lambda _body: None, lambda path: path == ("items", "rep_age")),
    "a member hidden": lambda: signed(
        lambda _body: None, lambda path: forms._is_item(path) or path == ("as_of",)
    ),
    "all items as one": lambda: signed(lambda _body: None, lambda path: path == ("items",)),
    "rows hidden": lambda: signed(
        lambda _body: None, lambda path: forms._is_item(path) or len(path) == 3
    ),
}


class TestRefused:
    @pytest.mark.parametrize("name", WRONG)
    def test_an_answer_put_together_wrongly(self, name: str) -> None:
        with pytest.raises(WireError):
            forms.verify(WRONG[name](), AnswerForm.SD_JWT, KEYS)

    def test_an_answer_for_a_holder(self) -> None:
        with pytest.raises(JoseError, match="holder"):
            forms.verify(signed(lambda body: body.update(cnf={})), AnswerForm.SD_JWT, KEYS)

    def test_a_row_held_back(self) -> None:
        """Half a list would be another fact: nobody but the department can leave a row out."""
        whole = signed(lambda _body: None, lambda path: forms._is_item(path) or len(path) == 4)
        text = sdjwt.present(whole, lambda path: path != ("items", "officers", 1, "name"))

        with pytest.raises(WireError):
            forms.verify(text, AnswerForm.SD_JWT, KEYS)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return Platform(Path(tmp_path_factory.mktemp("forms")))


class TestCheck:
    """The gateway's own check, on texts no honest department sends."""

    def _order(self, platform: Platform) -> tuple[Order, str]:
        order = platform.order("SAMR.REG", fields=ASKED)
        now = wall()
        told = envelope(
            request_sha256=order.request_sha256, produced_at=now, as_of=business_date(now)
        )
        return order, forms.sign(told, SIGNER)

    def _problem(self, order: Order, text: str) -> str:
        with pytest.raises(AnswerRefusedError) as refused:
            check(order, text.encode(), KEYS, wall())
        return refused.value.problem

    def test_a_whole_answer_is_good(self, platform: Platform) -> None:
        order, text = self._order(platform)

        answer = check(order, text.encode(), KEYS, wall())
        assert answer.items == ITEMS_GIVEN
        assert answer.jws == text

    @pytest.mark.promise("T3")
    def test_disclosures_left_out_added_or_changed(self, platform: Platform) -> None:
        order, text = self._order(platform)
        head, first, *rest = text.split("~")

        assert self._problem(order, forms.narrowed(text, ASKED[:2])) == "BAD_DISCLOSURE"
        assert self._problem(order, "~".join([head, first, first, *rest])) == "BAD_DISCLOSURE"
        assert self._problem(order, "~".join([head, first[:-2] + "AA", *rest])) == "BAD_DISCLOSURE"
        assert self._problem(order, text + head) == "BAD_DISCLOSURE"
        assert self._problem(order, head) == "UNSIGNED"

    @pytest.mark.promise("T3")
    def test_the_other_form_is_refused(self, platform: Platform) -> None:
        order, _ = self._order(platform)
        plain = SIGNER(ANSWER_TYP, write_envelope(envelope(request_sha256=order.request_sha256)))

        assert self._problem(order, plain) == "UNSIGNED"
        assert self._problem(order, plain + "~") == "BAD_SIGNATURE"

    def test_more_than_was_asked_or_must_come_beside(self, platform: Platform) -> None:
        order, _ = self._order(platform)
        narrow = platform.order("SAMR.REG", fields=("est_date", "officers"))
        for asked, items in ((order, ITEMS_GIVEN | {"size": "S"}), (narrow, ITEMS_GIVEN)):
            told = envelope(request_sha256=asked.request_sha256, items=items)
            assert self._problem(asked, forms.sign(told, SIGNER)) == "UNASKED_FIELDS"


class TestCatalogue:
    def test_only_narrowable_answers_hold_more_than_is_asked(self) -> None:
        for resource in RESOURCES.values():
            names = {one.name for one in resource.fields}
            spare = [one for one in resource.fields if one.beside]
            assert resource.answer_form is AnswerForm.SD_JWT or not spare
            assert all(one.beside in names and not one.match_only for one in spare)
            assert not any(row.beside for one in resource.fields for row in one.rows)

    def test_no_item_reads_what_stands_beside(self) -> None:
        for item in ITEMS.values():
            if item.resource is not None:
                fields = [RESOURCES[item.resource].field(name) for name in item.fields]
                assert not any(one.beside for one in fields)

    def test_at_least_one_resource_is_narrowed(self) -> None:
        assert RESOURCES["SAMR.REG"].beside(["rep_age"]) == {"rep_id_masked"}
        assert RESOURCES["SAMR.REG"].beside(["est_date"]) == frozenset()
