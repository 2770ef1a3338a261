"""Checks of whole packets by CPU time: what a bank pays, and what a hostile text costs."""

import json
from collections.abc import Iterator
from functools import cache
from time import process_time
from typing import Final

from joserfc import jws as library
from joserfc.jwk import OKPKey

from tests.bench.measuring import Round, cpu_rate, ratio, single
from tests.kernel.crypto.test_jose import JWE_FORGERIES, JWS_FORGERIES
from tests.packets.offline import Bench, Made, an_artefact
from yidaitong.kernel.crypto import jwe
from yidaitong.kernel.crypto.keys import PublicKey, public_of
from yidaitong.packets import verify as checks
from yidaitong.packets.checks_log import check_leaf, check_proof
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP, read

_MICROS: Final = 1_000_000
_MILLIS: Final = 1_000
_BURST: Final = 20
_MEGABYTE: Final = 1_000_000


# Short answers of six departments: a delivery of about 23 kB.
ITEMS: Final = (
    "reg.status", "reg.abnormal_open", "reg.serious_open", "tax.rating", "tax.arrears_fen",
    "ss.arrears_fen", "hpf.status", "court.dishonest_open", "court.exec_open_fen",
    "nre.seizure_open", "sti.hte_valid", "sti.patents_live",
)  # fmt: skip


@cache
def _bench() -> tuple[Bench, Made]:
    bench = Bench()
    return bench, bench.make(artefact=an_artefact(ITEMS))


def delivery() -> Round:
    """Microseconds for an opened delivery: packet, leaf and proof."""
    bench, made = _bench()
    trust, opened = bench.trust(), read(made.plaintext)
    ours = trust.keys.owned_by("platform")

    def check() -> int:
        for _ in range(_BURST):
            body, key = checks._packet(opened, ours)
            check_leaf(opened, body, key.suite)
            check_proof(opened.leaf, opened.proof, trust.policy)
        return _BURST

    return single(_MICROS / cpu_rate(check))


def beside() -> Round:
    """The same beside joserfc verifying the packet alone and parsing it."""
    bench, made = _bench()
    packet = read(made.plaintext).packet
    key = OKPKey.import_key(public_of(next(k for k in bench.jwks if k["ydt_use"] == "packet")))

    def plain() -> int:
        for _ in range(_BURST):
            found = library.deserialize_compact(packet, key, algorithms=["EdDSA"])
            json.loads(found.payload)
        return _BURST

    ours, _, _ = delivery()
    return ratio(_MICROS / ours, cpu_rate(plain))


def whole() -> Round:
    """Microseconds for a sealed packet, evidence included."""
    bench, made = _bench()
    trust = bench.trust()

    def check() -> int:
        for _ in range(_BURST):
            if not checks.verify(made.text, trust).ok:
                raise RuntimeError("a good packet was refused")
        return _BURST

    return single(_MICROS / cpu_rate(check))


def slowest_refusal() -> Round:
    """Milliseconds of CPU for the text that takes longest to refuse."""
    bench, _ = _bench()
    trust, slowest = bench.trust(), 0.0
    for text in _hostile(bench):
        began = process_time()
        report = checks.verify(text, trust)
        slowest = max(slowest, process_time() - began)
        if report.ok or report.code not in checks.CODES:
            raise RuntimeError("a hostile text was not refused by its code")
    return single(slowest * _MILLIS)


@cache
def _texts(bench_id: int) -> tuple[str, ...]:
    del bench_id
    bench, made = _bench()
    key = PublicKey.read(public_of(bench.bank))

    def sealed(plaintext: bytes) -> str:
        return jwe.encrypt(key, plaintext, DELIVERY_TYP, DELIVERY_CTY)

    whole_one = json.loads(made.plaintext)
    packets = [{**whole_one, "packet": text} for text in JWS_FORGERIES.values()]
    deep = [b"[" * 100_000, b'{"v":' * 100_000, b'{"v":' + b"9" * 4_000_000 + b"}"]
    big = [b'{"a":"' + b"x" * size + b'"}' for size in (_MEGABYTE, 5 * _MEGABYTE)]
    many = b"{" + b",".join(b'"%d":1' % n for n in range(300_000)) + b"}"
    twice = b'{"v":1,' * 1 + b'"v":2}'
    return (
        *(sealed(json.dumps(one).encode()) for one in packets),
        *(make() for make in JWE_FORGERIES.values()),
        *(sealed(one) for one in (*deep, *big, many, twice)),
        "a" * 10 * _MEGABYTE,
        "." * 10 * _MEGABYTE,
        "a." * 4 * _MEGABYTE,
        "e30." * 4 + "A" * 8_000_000,
        made.text + "A" * 7_000_000,
        made.text[:-1],
        made.text + "=",
    )


def _hostile(bench: Bench) -> Iterator[str]:
    return iter(_texts(id(bench)))
