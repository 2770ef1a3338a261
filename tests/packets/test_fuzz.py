"""Whatever bytes come, the verifier answers with one of its codes and never with a traceback."""

import json
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.encoding import b64u
from tests.packets.offline import Bench
from yidaitong.kernel.crypto import jwe, jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PublicKey, public_of
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP, DeliveryError, read
from yidaitong.packets.schema import PacketFormError, read_packet
from yidaitong.packets.verify import CODES, verify

JUNK: tuple[Any, ...] = (None, True, 0, -1, 2**53 - 1, "", "x", "济", [], [None], {}, {"v": 1})


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield here
    if isinstance(value, dict):
        for name in value:
            yield from paths(value[name], (*here, name))
    elif isinstance(value, list):
        for index in range(min(len(value), 2)):
            yield from paths(value[index], (*here, index))


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    target = value
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = junk
    return value


class TestJunkInside:
    @pytest.mark.parametrize("seed", [1])
    def test_anywhere_in_the_delivery(self, bench: Bench, seed: int) -> None:
        key = PublicKey.read(public_of(bench.bank))
        plaintext, trust = bench.make().plaintext, bench.trust()
        places = list(paths(json.loads(plaintext)))
        draw = random.Random(seed)  # noqa: S311 - a sample
        for path in places:
            broken = put(json.loads(plaintext), path, draw.choice(JUNK))
            if broken == json.loads(plaintext):
                continue
            text = jwe.encrypt(key, json.dumps(broken).encode(), DELIVERY_TYP, DELIVERY_CTY)
            report = verify(text, trust)
            assert report.code in CODES, path

    @pytest.mark.parametrize("seed", [1])
    def test_anywhere_in_what_we_sign(self, bench: Bench, seed: int) -> None:
        """The log agrees with the junk: only the checks of the content are left."""
        trust, draw = bench.trust(), random.Random(seed)  # noqa: S311 - a sample
        made = verify(bench.make().text, trust).packet
        assert made is not None
        for path in draw.sample(list(paths(made.body))[1:], 60):
            junk = draw.choice(JUNK)
            change = partial(put, path=path, junk=junk)
            report = verify(bench.make(packet=change).text, trust)
            assert report.ok or report.code in CODES, path
            assert report.ok or report.packet is None


class TestAnyBytes:
    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=200))
    def test_readers_answer_in_their_own_words(self, raw: bytes) -> None:
        with pytest.raises(DeliveryError):
            read(raw)
        with pytest.raises(PacketFormError):
            read_packet(raw)
        with pytest.raises(JoseError):
            KeySet.read(raw)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.text(max_size=20))
    def test_compact_texts(self, parts: list[bytes], text: str) -> None:
        for told in (".".join(b64u(part) for part in parts), text):
            with pytest.raises(JoseError):
                jws.verify(told, typ="t", keys=KeySet.of())
