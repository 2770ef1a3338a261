"""Signed HTTP messages: the RFC's own answer, a foreign signer, all that is outside the profile."""

import base64
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signing import ORIGIN, signed
from yidaitong.kernel.crypto import httpsig
from yidaitong.kernel.crypto.errors import SignatureInvalidError
from yidaitong.kernel.crypto.httpsig import Signed
from yidaitong.kernel.crypto.keys import PublicKey, generate, public_of
from yidaitong.sandbox.story.signing import Signer

pytestmark = pytest.mark.promise("T11")
NONCE: Final = "n" * 16
PROOF: Final = base64.b64encode(bytes(64)).decode()
GOOD: Final = f'("@method" "@target-uri");created=1;keyid="k";nonce="{NONCE}";tag="ydt-bank"'


def read(parameters: str = GOOD, proof: str = f"a=:{PROOF}:", label: str = "a") -> Signed:
    return httpsig.read(f"{label}={parameters}", proof)


class TestRfc:
    def test_its_ed25519_example(self) -> None:
        """RFC 9421, B.2.6."""
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}
        names = ("date", "@method", "@path", "@authority", "content-type", "content-length")
        parameters = (
            '("date" "@method" "@path" "@authority" "content-type" "content-length")'
            ';created=1618884473;keyid="test-key-ed25519"'
        )
        values = {
            "date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "@method": "POST",
            "@path": "/foo",
            "@authority": "example.com",
            "content-type": "application/json",
            "content-length": "18",
        }
        proof = (
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQ"
            "CK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        )
        message = Signed(
            components=names,
            created=1618884473,
            nonce="",
            keyid="test-key-ed25519",
            tag="",
            parameters=parameters,
            signature=base64.b64decode(proof),
        )

        httpsig.check(message, values, PublicKey.read(jwk))
        assert httpsig.base(message, values).splitlines()[:3] == [
            b'"date": Tue, 20 Apr 2021 02:07:55 GMT',
            b'"@method": POST',
            b'"@path": /foo',
        ]
        with pytest.raises(SignatureInvalidError):
            httpsig.check(message, values | {"@path": "/bar"}, PublicKey.read(jwk))

    def test_its_digest_example(self) -> None:
        """RFC 9530, B.1: the digest of a small JSON text."""
        body = b'{"hello": "world"}\n'

        httpsig.check_digest("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", body)


@pytest.mark.parametrize("curve", ["Ed25519", "P-256"])
class TestForeignSigner:
    def test_is_understood_and_nothing_may_be_changed(self, curve: str) -> None:
        jwk = generate(curve, use="sig")
        body = b'{"a":1}'
        head = {"Authorization": "Bearer t", "Idempotency-Key": "k1"}
        made = signed(Signer(jwk, ORIGIN), "POST", "/x?a=%20b", body, head)
        message = httpsig.read(made["Signature-Input"], made["Signature"])
        key = PublicKey.read(public_of(jwk))
        values = {
            "@method": "POST",
            "@target-uri": f"{ORIGIN}/x?a=%20b",
            "authorization": "Bearer t",
            "idempotency-key": "k1",
            "content-digest": made["Content-Digest"],
        }

        httpsig.check_digest(made["Content-Digest"], body)
        httpsig.check(message, values, key)

        assert set(message.components) == set(values)
        for name, value in values.items():
            with pytest.raises(SignatureInvalidError):
                httpsig.check(message, values | {name: f"{value}x"}, key)
        other = PublicKey.read(public_of(generate(curve, use="sig")))
        with pytest.raises(SignatureInvalidError):
            httpsig.check(message, values, other)
        with pytest.raises(SignatureInvalidError):
            httpsig.check(replace(message, signature=bytes(64)), values, key)
        with pytest.raises(SignatureInvalidError):
            httpsig.check(message, {"@method": "POST"}, key)


REFUSED: Final[dict[str, Any]] = {
    "an algorithm in the message": GOOD + ';alg="ed25519"',
    "an end": GOOD.replace(";tag=", ";expires=9;tag="),
    "no nonce": GOOD.replace(f';nonce="{NONCE}"', ""),
    "two nonces": GOOD.replace(';tag="ydt-bank"', f';nonce="{NONCE}"'),
    "a short nonce": GOOD.replace(NONCE, NONCE[:-1]),
    "a long nonce": GOOD.replace(NONCE, "n" * 65),
    "a component twice": GOOD.replace('"@target-uri"', '"@method"'),
    "a parameter of a component": GOOD.replace('"@method"', '"@method";req'),
    "another derived component": GOOD.replace('"@target-uri"', '"@path"'),
    "no components": GOOD.replace('"@method" "@target-uri"', ""),
    "too many components": GOOD.replace('"@method"', " ".join(f'"h{n}"' for n in range(12))),
    "two blanks": GOOD.replace(" ", "  ", 1),
    "upper case": GOOD.replace("@method", "@Method"),
    "a fraction": GOOD.replace("created=1", "created=1.0"),
    "a quoted time": GOOD.replace("created=1", 'created="1"'),
    "a time before 1970": GOOD.replace("created=1", "created=-1"),
    "an escaped quote": GOOD.replace('keyid="k"', 'keyid="\\"k"'),
    "a line end": GOOD + "\n",
    "two signatures": f"{GOOD}, b={GOOD}",
}


class TestProfile:
    def test_the_good_one_is_read(self) -> None:
        found = read()

        assert (found.components, found.created) == (("@method", "@target-uri"), 1)
        assert (found.nonce, found.keyid, found.tag) == (NONCE, "k", "ydt-bank")
        assert found.parameters == GOOD
        assert read(GOOD.replace(NONCE, "n" * 64)).nonce == "n" * 64

    @pytest.mark.parametrize("parameters", REFUSED.values(), ids=REFUSED)
    def test_everything_else_is_refused(self, parameters: str) -> None:
        with pytest.raises(SignatureInvalidError):
            read(parameters)

    @pytest.mark.parametrize(
        "proof",
        [
            "",
            f"b=:{PROOF}:",
            f"a=:{PROOF[:-2]}:",
            f"a=:{PROOF[:-3]}B==:",
            f"a=:{PROOF}:, b=:{PROOF}:",
            f"a=:{base64.b64encode(bytes(63)).decode()}:",
            f"a={PROOF}",
            f'a="{PROOF}"',
            f"a=:{PROOF}:" + " " * 300,
        ],
    )
    def test_another_signature_field_is_refused(self, proof: str) -> None:
        with pytest.raises(SignatureInvalidError):
            read(proof=proof)

    def test_a_long_header_is_not_looked_at(self) -> None:
        with pytest.raises(SignatureInvalidError):
            read(GOOD.replace('"@method"', f'"@method" "{"x" * 1024}"'))

    @given(st.text(max_size=200), st.text(max_size=120))
    def test_no_text_is_another_error(self, said: str, proof: str) -> None:
        with pytest.raises(SignatureInvalidError):
            httpsig.read(said, proof)

    @pytest.mark.parametrize("value", ["a\nb", "a\rb", "é", "a\x00", " a", "a ", "a\tb"])
    def test_a_value_that_is_no_plain_line_is_refused(self, value: str) -> None:
        with pytest.raises(SignatureInvalidError):
            httpsig.base(read(), {"@method": "GET", "@target-uri": value})


class TestDigest:
    @pytest.mark.parametrize(
        "header",
        [
            "",
            "sha-256=:AAAA:",
            httpsig.digest_of(b"b"),
            httpsig.digest_of(b"a").replace("sha-256", "sha-512"),
            httpsig.digest_of(b"a") + ", sha-512=:AAAA:",
            httpsig.digest_of(b"a") + " ",
            "x" * 200,
        ],
    )
    def test_only_the_one_of_these_bytes(self, header: str) -> None:
        httpsig.check_digest(httpsig.digest_of(b"a"), b"a")
        with pytest.raises(SignatureInvalidError):
            httpsig.check_digest(header, b"a")

    def test_an_encryption_key_signs_nothing(self) -> None:
        key = PublicKey.read(public_of(generate("X25519")))
        with pytest.raises(SignatureInvalidError):
            httpsig.check(read(), {"@method": "GET", "@target-uri": "/"}, key)
