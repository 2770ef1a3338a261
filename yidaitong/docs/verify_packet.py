"""Check a packet with nothing of ours: verify_packet.py FILE BANK.jwk KEYS.jwks VKEY-FILE."""  # noqa: INP001 - a script to copy

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap


def _require(holds: object, what: str) -> None:
    if not holds:
        raise SystemExit(f"refused: {what}")


def _read(text: str, *, url: bool = True) -> bytes:  # RFC 4648 §5 unpadded, or §4; one form only
    data = base64.b64decode(text + "=" * (-len(text) % 4) * url, altchars=b"-_" if url else None)
    _require((_write(data) if url else base64.b64encode(data).decode()) == text, "base64")
    return data


def _write(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _sha(text: str) -> str:
    return _write(hashlib.sha256(text.encode()).digest())


def _decrypt(text: str, jwk: dict[str, str]) -> Any:  # RFC 7518 §4.6.2: Concat KDF, one round
    head, wrapped, nonce, body, tag = (_read(part) for part in text.split("."))
    header = json.loads(head)
    _require((header["alg"], header["enc"]) == ("ECDH-ES+A256KW", "A256GCM"), "algorithms")
    theirs = x25519.X25519PublicKey.from_public_bytes(_read(header["epk"]["x"]))
    secret = x25519.X25519PrivateKey.from_private_bytes(_read(jwk["d"])).exchange(theirs)
    told = b"\0\0\0\x0e" + header["alg"].encode() + bytes(8) + (256).to_bytes(4, "big")
    key = aes_key_unwrap(hashlib.sha256(b"\0\0\0\1" + secret + told).digest(), wrapped)
    return json.loads(AESGCM(key).decrypt(nonce, body + tag, _write(head).encode()))


def _signed(text: str, typ: str, keys: dict[str, Any], owner: str) -> Any:
    told, _, signature = text.rpartition(".")
    header, payload = (json.loads(_read(part)) for part in told.split("."))
    jwk = keys[header["kid"]]
    _require(header["typ"] == typ and jwk["ydt_owner"] == owner, f"key of {typ}")
    public = ed25519.Ed25519PublicKey.from_public_bytes(_read(jwk["x"]))
    public.verify(_read(signature), told.encode())
    return payload


def _index(leaf: bytes, proof: str, vkey: str) -> int:  # C2SP tlog-proof, RFC 9162 §2.1.3.2
    told, text, line = proof.split("\n\n")
    form, number, *path = told.split("\n")
    origin, size, root = text.split("\n")
    (dash, signer, signature), (name, key_id, key) = line[:-1].split(" "), vkey.split("+", 2)
    raw = _read(signature, url=False)
    known = (form, dash, origin, signer) == ("c2sp.org/tlog-proof@v1", "—", name, name)
    _require(known and raw[:4].hex() == key_id and line[-1] == "\n", "another log")
    public = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    public.verify(raw[4:], (text + "\n").encode())
    index = low = int(number.removeprefix("index "))
    node, high = hashlib.sha256(b"\0" + leaf).digest(), int(size) - 1
    for other in (_read(one, url=False) for one in path):
        right = low & 1 or low == high
        node = hashlib.sha256(b"\1" + (other + node if right else node + other)).digest()
        while right and low and not low & 1:
            low, high = low >> 1, high >> 1
        low, high = low >> 1, high >> 1
    _require(high == 0 and index < int(size) and node == _read(root, url=False), "inclusion")
    return index


def _fits(shown: list[str], answer: Any, entry: Any) -> bool:  # RFC 9901 §7.1, items only
    *texts, end = shown
    names = sorted(json.loads(_read(text))[1] for text in texts)
    known = {_sha(text) for text in texts} <= set(answer["items"].get("_sd", ()))
    return known and not end and names == sorted(one["name"] for one in entry["items"])


def _check(delivery: Any, keys: dict[str, Any], vkey: str) -> str:
    packet = _signed(delivery["packet"], "ydt-packet+jws", keys, "platform")
    grant, leaf = delivery["consent"], json.loads(_read(delivery["leaf"]))
    _require(leaf["packet_sha256"] == _sha(delivery["packet"]), "leaf of another packet")
    _require(delivery["v"] == "ydt-delivery/1" and len(delivery) == 7, "delivery")  # noqa: PLR2004 - its members
    salt, event = _read(delivery["opening"]["salt"]), delivery["opening"]["event"]
    told = json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    _require(_write(hmac.digest(salt, told, "sha256")) == leaf["commit"], "commitment")
    first, last = (_index(_read(one["leaf"]), one["proof"], vkey) for one in (grant, delivery))
    _require(first < last and event["pull_id"] == packet["pull"]["id"], "order")
    granted, claimed = json.loads(_read(grant["leaf"])), packet["consent"]["artefact_sha256"]
    consent = _signed(grant["artefact"], "ydt-artefact+jws", keys, "platform")["body"]
    _require(claimed == granted["artefact_sha256"] == _sha(grant["artefact"]), "consent")
    _require(consent["controller"]["bank_id"] == packet["audience"], "recipient")
    entries = {one["resource"]: one for one in packet["resources"]}
    _require(sorted(entries) == sorted(one["resource"] for one in consent["datasets"]), "manifest")
    for one in delivery["evidence"]:
        entry, kind = entries[one["resource"]], one["kind"]
        void = one["answer" if kind == "withheld" else "reason"] is None
        _require(void and one["answer_sha256"] == entry["answer_sha256"], "evidence")
        if kind != "withheld":
            issued, *shown = one["answer"].split("~")
            answer = _signed(issued, f"ydt-answer+{kind}", keys, one["resource"].split(".")[0])
            same = [answer[name] == entry[name] for name in ("request_sha256", "as_of", "outcome")]
            _require(all(same) and answer["subject_code"] == packet["subject"]["uscc"], "question")
            _require(_fits(shown, answer, entry) if kind == "sd-jwt" else not shown, "disclosures")
            said = entry["answer_sha256" if kind == "jws" else "issued_sha256"]
            _require(said == _sha(issued), "answer")
    return str(packet["packet_id"])


def main(*names: str) -> None:
    """Print the id of a packet whose checks all hold; anything else ends with an error."""
    text, jwk, jwks, log = (Path(name).read_text(encoding="utf-8").strip() for name in names)
    keys = {one["kid"]: one for one in json.loads(jwks)["keys"]}
    sys.stdout.write(_check(_decrypt(text, json.loads(jwk)), keys, log) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:5])
