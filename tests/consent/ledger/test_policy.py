"""Policies: the form of the text, the quorum, and what is refused."""

import pytest

from consent.ledger.checkpoint import Checkpoint, SignedHead
from consent.ledger.errors import PolicyError
from consent.ledger.note import KeyKind, VKey
from consent.ledger.policy import policy_of, read_policy
from tests.consent.ledger.builders import ORIGIN, a_signer

LOG = a_signer().vkey
HEAD = Checkpoint(ORIGIN, 1, bytes(32))
WITNESSES = {
    name: VKey(f"{name}.example", KeyKind.COSIGNATURE, bytes([at]) * 32)
    for at, name in enumerate(("X1", "X2", "X3", "Y1", "Y2"), 1)
}
# The shape of the example in C2SP tlog-policy.
LINES = [
    "# two groups of witnesses",
    f"log {LOG} https://log.example/",
    "",
    *(f"\twitness {name} \t {key}" for name, key in WITNESSES.items()),
    "group X-witnesses 2 X1 X2 X3",
    "group Y-witnesses any Y1 Y2",
    "group X-and-Y all X-witnesses Y-witnesses",
    "quorum X-and-Y",
]
EXAMPLE = "\n".join(LINES) + "\n"


def signed(*names: str) -> SignedHead:
    return SignedHead(HEAD, (LOG, *(WITNESSES[name] for name in names)))


class TestQuorum:
    @pytest.mark.parametrize(
        ("names", "met"),
        [
            ((), False),
            (("X1", "X2"), False),
            (("X1", "Y1"), False),
            (("Y1", "Y2"), False),
            (("X1", "X3", "Y2"), True),
            (("X1", "X2", "X3", "Y1", "Y2"), True),
        ],
    )
    def test_the_example_needs_two_of_one_group_and_one_of_the_other(
        self, names: tuple[str, ...], *, met: bool
    ) -> None:
        policy = read_policy(EXAMPLE.encode())

        if met:
            assert policy.check(signed(*names)) == sorted(names)
        else:
            with pytest.raises(PolicyError) as refused:
                policy.check(signed(*names))
            assert refused.value.check == "policy.quorum"

    def test_one_witness_can_be_the_quorum(self) -> None:
        policy = read_policy(f"log {LOG}\nwitness w {WITNESSES['X1']}\nquorum w\n".encode())

        assert policy.check(signed("X1")) == ["w"]
        with pytest.raises(PolicyError):
            policy.check(signed())

    def test_none_asks_nobody_but_the_log(self) -> None:
        policy = policy_of(str(LOG))

        assert policy.check(signed()) == []
        with pytest.raises(PolicyError):
            policy.check(SignedHead(Checkpoint("log.other.example", 1, bytes(32)), (LOG,)))
        with pytest.raises(PolicyError):
            policy_of(str(WITNESSES["X1"]))

    def test_both_keys_of_a_log_in_change_are_accepted(self) -> None:
        fresh = a_signer(seed=bytes(32)).vkey
        policy = read_policy(f"log {LOG}\nlog {fresh}\nquorum none\n".encode())

        for key in (LOG, fresh):
            assert policy.check(SignedHead(HEAD, (key,))) == []


class TestReadPolicy:
    @pytest.mark.parametrize(
        "change",
        [
            ("quorum X-and-Y", ""),
            ("quorum X-and-Y", "quorum X-and-Y\nquorum X-and-Y"),
            ("quorum X-and-Y", "quorum nobody"),
            ("quorum X-and-Y", "quorum X-and-Y more"),
            ("group X-and-Y", "crowd X-and-Y"),
            ("2 X1 X2 X3", "0 X1 X2 X3"),
            ("2 X1 X2 X3", "4 X1 X2 X3"),
            ("2 X1 X2 X3", "+2 X1 X2 X3"),
            ("2 X1 X2 X3", "02 X1 X2 X3"),
            ("2 X1 X2 X3", "٢ X1 X2 X3"),
            ("2 X1 X2 X3", "2"),
            ("2 X1 X2 X3", "2 X1 X1 X3"),
            ("2 X1 X2 X3", "2 X1 X2 none"),
            ("any Y1 Y2", "any Y1 X2"),
            ("any Y1 Y2", "any X-and-Y"),
            ("witness X2", "witness X1"),
            ("witness X2", "witness none"),
            ("group Y-witnesses", "group X1"),
            (str(WITNESSES["X2"]), str(WITNESSES["X1"])),
            (str(WITNESSES["X2"]), str(VKey("other", KeyKind.COSIGNATURE, b"\x01" * 32))),
            (str(WITNESSES["X2"]), str(VKey("log", KeyKind.COSIGNATURE, LOG.public))),
            (str(WITNESSES["X2"]), str(VKey("w", KeyKind.ED25519, b"\x09" * 32))),
            ("log ", "# "),
            ("log ", "log\u00a0"),
            ("\n", "\r\n"),
            ("# two", "# two\x00"),
            ("# two", "# two\x7f"),
        ],
    )
    def test_another_form_is_refused(self, change: tuple[str, str]) -> None:
        with pytest.raises(PolicyError):
            read_policy(EXAMPLE.replace(*change).encode())

    def test_octets_above_ascii_are_opaque(self) -> None:
        """``K`` and the Kelvin sign are two names, and names need not be UTF-8."""
        text = (
            f"log {LOG}\n# \xff\nwitness K {WITNESSES['X1']}\n".encode("latin-1")
            + b"witness \xe2\x84\xaa "
            + f"{WITNESSES['X2']}\nwitness ".encode()
            + b"\xff "
            + f"{WITNESSES['X3']}\nquorum K\n".encode()
        )

        assert len(read_policy(text).witnesses) == 3

    def test_a_policy_of_many_is_read(self) -> None:
        keys = [VKey(f"w{at}", KeyKind.COSIGNATURE, at.to_bytes(32, "big")) for at in range(64)]
        lines = [f"log {LOG}", *(f"witness w{at} {key}" for at, key in enumerate(keys))]
        lines += [f"group g{at} all w{at}" for at in range(64)]
        lines += ["group all 33 " + " ".join(f"g{at}" for at in range(64)), "quorum all"]
        policy = read_policy("\n".join(lines).encode())

        assert len(policy.check(SignedHead(HEAD, (LOG, *keys[:33])))) == 33
        with pytest.raises(PolicyError):
            policy.check(SignedHead(HEAD, (LOG, *keys[:32])))

    def test_a_policy_too_long_is_refused(self) -> None:
        with pytest.raises(PolicyError):
            read_policy(b"#" * (256 * 1024 + 1))
