"""``manage.py bench packets``: signatures, seals and checks of packets, each beside its limit."""

import sys
from collections.abc import Callable
from functools import partial

from tests.bench import packets_checks as checks
from tests.bench import packets_rates as rates
from tests.bench import packets_sm as sm
from tests.bench import sdjwt
from tests.bench.measuring import Bench, Goal, Round, measure, options

Work = tuple[Goal, Callable[[], Round]]


def goals() -> list[Work]:
    """Every goal with what runs a round of it."""
    return [
        (Goal("8a", "JWS EdDSA sign / raw Ed25519, 20 KB", "×", 0.40),
         partial(rates.signed, "Ed25519")),
        (Goal("8b", "JWS EdDSA verify / raw Ed25519, 20 KB", "×", 0.35),
         partial(rates.verified, "Ed25519")),
        (Goal("8c", "JWS ES256 sign / raw ECDSA, 20 KB", "×", 0.40),
         partial(rates.signed, "P-256")),
        (Goal("8d", "JWS ES256 verify / raw ECDSA, 20 KB", "×", 0.35),
         partial(rates.verified, "P-256")),
        (Goal("9a", "sign + encrypt / Ed25519 + X25519 + AES-256-GCM, 20 KB", "×", 0.35),
         rates.sealed),
        (Goal("9b", "decrypt + verify / HPKE open + Ed25519, 20 KB", "×", 0.30), rates.opened),
        (Goal("11a", "SM2 sign / openssl speed sm2", "×", 0.80), sm.signed),
        (Goal("11b", "SM2 verify / openssl speed sm2", "×", 0.80), sm.verified),
        (Goal("11c", "SM4-GCM of a 20 KB field / the bare cipher", "×", 0.80), sm.sealed),
        (Goal("12", "field envelope with a new key / AES-256-GCM at hand, 20 KB", "×", 0.40),
         rates.enveloped),
        (Goal("c1", "opened delivery checked against a known head: packet, leaf, proof", "µs",
              450, at_least=False), checks.delivery),
        (Goal("c2", "the same / plain joserfc verification of its packet", "×"), checks.beside),
        (Goal("c3", "whole packet verified, evidence included", "µs"), checks.whole),
        (Goal("t1", "slowest refusal of a hostile text, CPU", "ms", 50, at_least=False),
         checks.slowest_refusal),
        *sdjwt.works(),
    ]  # fmt: skip


def main() -> int:
    """Run what was asked for and print the report."""
    given = options("packets")
    bench = Bench("packets")
    for goal, run in goals():
        # Goals in letters are figures of their own; goal 1 is no beginning of goal 11.
        if given.only in {"", goal.id, goal.id.rstrip("abcd")}:
            bench.results.append(measure(goal, run, given.rounds))
    return bench.finish(machine=given.json)


if __name__ == "__main__":
    sys.exit(main())
