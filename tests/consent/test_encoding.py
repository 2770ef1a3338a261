"""Base64url: one spelling of the bytes and no other, against a decoder that writes them again."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.encoding import b64u, b64u_decode

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def slowly(text: str) -> bytes | None:
    """The bytes, or None: decoded leniently, then written again and compared."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text else None


def quickly(text: str) -> bytes | None:
    try:
        return b64u_decode(text)
    except ValueError:
        return None


@given(st.binary(max_size=200))
def test_what_is_written_is_read(data: bytes) -> None:
    assert b64u_decode(b64u(data)) == data


@given(st.text(ALPHABET, max_size=12) | st.text(max_size=8))
def test_no_other_spelling_is_read(text: str) -> None:
    assert quickly(text) == slowly(text)


@given(st.text(ALPHABET, max_size=9), st.sampled_from("+/= \n.\u00e9"), st.integers(0, 9))
def test_one_strange_sign_spoils_it(text: str, sign: str, place: int) -> None:
    assert quickly(text[:place] + sign + text[place:]) is None


@pytest.mark.parametrize("end", ["A", "AB", "AAB", "AAA_", "A===", "AA==", "AB=="])
def test_every_ending(end: str) -> None:
    for first in ALPHABET:
        assert quickly(first + end) == slowly(first + end)


@pytest.mark.parametrize("value", [None, 1, b"AA", ["AA"]])
def test_only_text_is_read(value: object) -> None:
    with pytest.raises(TypeError):
        b64u_decode(value)  # type: ignore[arg-type]
