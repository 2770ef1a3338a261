"""JWS and JWE: what we write we read, and forty forgeries we do not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwe as library
from joserfc.jwk import ECKey, OKPKey

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel.crypto import jwe, jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, generate, public_of

TYP, CTY = "ydt-test+jws", "ydt-test+json"
ED, EC, OTHER = generate("Ed25519"), generate("P-256", use="sig"), generate("Ed25519")
X25519, P256 = generate("X25519"), generate("P-256", use="enc")
KEYS = KeySet.of(PublicKey.read(public_of(ED)), PublicKey.read(public_of(EC)))
PAYLOAD = b'{"a":1}'
HEADER: dict[str, Any] = {"alg": "EdDSA", "kid": ED["kid"], "typ": TYP}


def _signed(header: dict[str, Any] | bytes, jwk: dict[str, str] = ED) -> str:
    """A correct signature by the real key over any header."""
    told = header if isinstance(header, bytes) else json.dumps(header).encode()
    text = f"{b64u(told)}.{b64u(PAYLOAD)}"
    if jwk["kty"] == "OKP":
        key = Ed25519PrivateKey.from_private_bytes(b64u_decode(jwk["d"]))
        raw = key.sign(text.encode())
        return f"{text}.{b64u(raw)}"
    return jws.sign(PrivateKey.read(jwk, use="sig"), TYP, PAYLOAD)


def _mac(secret: bytes, alg: str = "HS256") -> str:
    text = f"{b64u(json.dumps({**HEADER, 'alg': alg}).encode())}.{b64u(PAYLOAD)}"
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(text.encode())
    return f"{text}.{b64u(mac.finalize())}"


GOOD = jws.sign(PrivateKey.read(ED), TYP, PAYLOAD)
HEAD, BODY, SIGNATURE = GOOD.split(".")
PEM = PublicKey.read(public_of(ED)).key.as_pem(private=False)

JWS_FORGERIES: dict[str, str] = {
    "none": f"{b64u(json.dumps({**HEADER, 'alg': 'none'}).encode())}.{BODY}.",
    "None with a signature": _signed({**HEADER, "alg": "None"}),
    "NONE": _signed({**HEADER, "alg": "NONE"}),
    "no signature": f"{HEAD}.{BODY}.",
    "HMAC with the public point": _mac(b64u_decode(ED["x"])),
    "HMAC with the JWK": _mac(json.dumps(public_of(ED)).encode()),
    "HMAC with the PEM": _mac(PEM),
    "HMAC with the kid": _mac(ED["kid"].encode()),
    "HMAC under the name EdDSA": _mac(b64u_decode(ED["x"]), "EdDSA"),
    "ES256 by an Ed25519 key": _signed({**HEADER, "alg": "ES256"}),
    "EdDSA with the kid of an EC key": _signed({**HEADER, "kid": EC["kid"]}),
    "RS256": _signed({**HEADER, "alg": "RS256"}),
    "Ed448": _signed({**HEADER, "alg": "Ed448"}),
    "signed by another key under our kid": _signed(HEADER, OTHER),
    "unknown kid": _signed({**HEADER, "kid": OTHER["kid"]}, OTHER),
    "embedded key": _signed({**HEADER, "jwk": public_of(OTHER)}, OTHER),
    "jku": _signed({**HEADER, "jku": "https://evil.example/jwks.json"}),
    "x5u": _signed({**HEADER, "x5u": "https://evil.example/cert"}),
    "x5c": _signed({**HEADER, "x5c": ["MIIB"]}),
    "x5t": _signed({**HEADER, "x5t": "AAAA"}),
    "crit": _signed({**HEADER, "crit": ["exp"], "exp": 1}),
    "crit and b64": _signed({**HEADER, "crit": ["b64"], "b64": False}),
    "b64 alone": _signed({**HEADER, "b64": True}),
    "zip": _signed({**HEADER, "zip": "DEF"}),
    "cty": _signed({**HEADER, "cty": "JWT"}),
    "another typ": _signed({**HEADER, "typ": "ydt-packet+jws"}),
    "typ in another case": _signed({**HEADER, "typ": TYP.upper()}),
    "no typ": _signed({"alg": "EdDSA", "kid": ED["kid"]}),
    "no kid": _signed({"alg": "EdDSA", "typ": TYP}),
    "kid is a list": _signed({**HEADER, "kid": [ED["kid"]]}),
    "alg is a list": _signed({**HEADER, "alg": ["EdDSA"]}),
    "a member twice": _signed(
        f'{{"alg":"none","alg":"EdDSA","kid":"{ED["kid"]}","typ":"{TYP}"}}'.encode()
    ),
    "header is a list": _signed(b"[]"),
    "header is no UTF-8": _signed(b"\xff{}"),
    "header too long": _signed({**HEADER, "typ": "x" * 600}),
    "padding": f"{HEAD}=.{BODY}.{SIGNATURE}",
    # The last sign of 64 bytes carries two bits nobody reads: the next sign has the same bytes.
    "another spelling of the last sign": GOOD[:-1] + chr(ord(GOOD[-1]) + 1),
    "a line break": f"{HEAD}.{BODY}.{SIGNATURE}\n",
    "four parts": f"{GOOD}.",
    "JSON serialisation": json.dumps({"payload": BODY, "protected": HEAD, "signature": SIGNATURE}),
    "payload altered": f"{HEAD}.{b64u(b'{}')}.{SIGNATURE}",
    "detached": f"{HEAD}..{SIGNATURE}",
}


class TestSigning:
    @pytest.mark.parametrize("jwk", [ED, EC], ids=["Ed25519", "P-256"])
    @pytest.mark.parametrize("size", [0, 200_000, 1_100_000])
    def test_what_is_signed_verifies(self, jwk: dict[str, str], size: int) -> None:
        payload = b"x" * size
        text = jws.sign(PrivateKey.read(jwk, use="sig"), TYP, payload)

        found = jws.verify(text, typ=TYP, keys=KEYS)

        assert (found.kid, found.payload) == (jwk["kid"], payload)

    def test_an_ed25519_key_reads_under_its_newer_name(self) -> None:
        assert jws.verify(_signed({**HEADER, "alg": "Ed25519"}), typ=TYP, keys=KEYS)

    def test_detached_needs_the_very_payload(self) -> None:
        text = jws.sign(PrivateKey.read(ED), TYP, PAYLOAD, detached=True)

        assert jws.verify(text, typ=TYP, keys=KEYS, payload=PAYLOAD).payload == PAYLOAD
        for bad in (GOOD, text):
            with pytest.raises(JoseError):
                jws.verify(bad, typ=TYP, keys=KEYS, payload=PAYLOAD + b" ")

    @pytest.mark.promise("T23")
    @pytest.mark.parametrize("name", JWS_FORGERIES)
    def test_forgeries(self, name: str) -> None:
        with pytest.raises(JoseError) as refused:
            jws.verify(JWS_FORGERIES[name], typ=TYP, keys=KEYS)

        assert refused.value.reason.startswith(("jws.", "size"))

    @pytest.mark.promise("T23")
    def test_every_flipped_byte(self) -> None:
        for place in range(len(GOOD)):
            flipped = bytearray(GOOD.encode())
            flipped[place] ^= 1
            with pytest.raises(JoseError):
                jws.verify(flipped.decode("latin-1"), typ=TYP, keys=KEYS)

    def test_an_encryption_key_verifies_nothing(self) -> None:
        text = jws.sign(PrivateKey.read(EC, use="sig"), TYP, PAYLOAD)
        keys = KeySet.of(PublicKey.read(public_of({**EC, "use": "enc"})))

        with pytest.raises(JoseError, match="unknown key"):
            jws.verify(text, typ=TYP, keys=keys)


def _wrapped(**changes: Any) -> str:
    members = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": X25519["kid"], "typ": TYP}
    header = {**members, "cty": CTY, **changes}
    names = [header["alg"], header["enc"], "DEF"]
    return library.encrypt_compact(
        {name: value for name, value in header.items() if value is not None},
        PAYLOAD * 100,
        OKPKey.import_key(public_of(X25519)),
        registry=library.JWERegistry(algorithms=names),
    )


JWE_FORGERIES: dict[str, Callable[[], str]] = {
    "zip": lambda: _wrapped(zip="DEF"),
    "jku": lambda: _wrapped(jku="https://evil.example"),
    "ECDH-ES direct": lambda: _wrapped(alg="ECDH-ES"),
    "weaker wrap": lambda: _wrapped(alg="ECDH-ES+A128KW"),
    "weaker content": lambda: _wrapped(enc="A128GCM"),
    "another enc": lambda: _wrapped(enc="A256CBC-HS512"),
    "apu": lambda: _wrapped(apu="QWxpY2U"),
    "another typ": lambda: _wrapped(typ="JWT"),
    "no cty": lambda: _wrapped(cty=None),
    "another kid": lambda: _wrapped(kid=P256["kid"]),
}


class TestEncrypting:
    @pytest.mark.parametrize("jwk", [X25519, P256], ids=["X25519", "P-256"])
    @pytest.mark.parametrize("size", [0, 1_048_576])
    def test_what_is_sealed_opens(self, jwk: dict[str, str], size: int) -> None:
        key = PublicKey.read(public_of(jwk))
        text = jwe.encrypt(key, b"x" * size, TYP, CTY)

        assert jwe.decrypt(PrivateKey.read(jwk), text, typ=TYP, cty=CTY) == b"x" * size

    @pytest.mark.promise("T23")
    @pytest.mark.parametrize("name", JWE_FORGERIES)
    def test_forgeries(self, name: str) -> None:
        with pytest.raises(JoseError) as refused:
            jwe.decrypt(PrivateKey.read(X25519), JWE_FORGERIES[name](), typ=TYP, cty=CTY)

        assert refused.value.reason in {"jwe.header", "jwe.key"}

    def test_another_banks_key_opens_nothing(self) -> None:
        text = jwe.encrypt(PublicKey.read(public_of(X25519)), PAYLOAD, TYP, CTY)
        other = PrivateKey.read(generate("X25519"))

        with pytest.raises(JoseError) as refused:
            jwe.decrypt(other, text, typ=TYP, cty=CTY)
        assert refused.value.reason == "jwe.key"

    @pytest.mark.promise("T23")
    def test_every_flipped_byte(self) -> None:
        text = jwe.encrypt(PublicKey.read(public_of(X25519)), PAYLOAD, TYP, CTY)
        key = PrivateKey.read(X25519)
        for place in range(len(text)):
            flipped = bytearray(text.encode())
            flipped[place] ^= 1
            with pytest.raises(JoseError):
                jwe.decrypt(key, flipped.decode("latin-1"), typ=TYP, cty=CTY)

    def test_too_much_is_not_looked_at(self) -> None:
        with pytest.raises(JoseError) as refused:
            jwe.decrypt(PrivateKey.read(X25519), "a" * (jwe.MAX_TEXT + 1), typ=TYP, cty=CTY)
        assert refused.value.reason == "size"

    def test_a_signing_key_seals_nothing(self) -> None:
        with pytest.raises(JoseError):
            jwe.encrypt(PublicKey.read(public_of(ED)), PAYLOAD, TYP, CTY)


class TestKeys:
    def test_a_key_set_is_read_by_kid(self) -> None:
        text = json.dumps({"keys": [public_of(ED), {**public_of(EC), "ydt_owner": "TAX"}]})
        keys = KeySet.read(text)

        assert set(keys) == {ED["kid"], EC["kid"]}
        assert set(keys.owned_by("TAX")) == {EC["kid"]}

    @pytest.mark.parametrize(
        "keys",
        [
            [ED],
            [public_of(ED), public_of(ED)],
            [{**public_of(ED), "kid": "another"}],
            [{**public_of(ED), "use": "enc"}],
            [{**public_of(EC), "y": EC["x"]}],
            [{name: EC[name] for name in ("kty", "crv", "x", "y")}],
            [{"kty": "oct", "k": "AAAA"}],
            [{**public_of(ED), "ydt_from": "yesterday"}],
            ["key"],
            "keys",
        ],
        ids=["private", "twice", "kid", "use", "off curve", "no use", "oct", "time", "text", "set"],
    )
    def test_key_sets_that_are_refused(self, keys: Any) -> None:
        with pytest.raises(JoseError):
            KeySet.read(json.dumps({"keys": keys}))

    def test_a_private_key_never_shows_itself(self) -> None:
        shown = repr(PrivateKey.read(ED)) + repr(PrivateKey.read(EC))

        assert ED["d"] not in shown
        assert EC["d"] not in shown
        assert isinstance(PrivateKey.read(EC).key, ECKey)
