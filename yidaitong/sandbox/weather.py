"""How departments behave on an ordinary day: delays and rare failures, drawn from the request.

Log-normal delay, median 180 ms, 99th percentile 2.5 s; UNAVAILABLE 0.7 %, STALE 0.3 %,
SUBJECT_MISMATCH 0.2 %.
"""

import math
from statistics import NormalDist
from typing import Final

from yidaitong.sandbox.data.seeds import Draw
from yidaitong.sandbox.faults import Fault, FaultKind

_MEDIAN: Final = 0.180
_P99: Final = 2.5
_SIGMA: Final = math.log(_P99 / _MEDIAN) / NormalDist().inv_cdf(0.99)
_EDGE: Final = 1e-9
_RARE: Final = (
    (FaultKind.UNAVAILABLE, 0.007),
    (FaultKind.STALE, 0.003),
    (FaultKind.SUBJECT_MISMATCH, 0.002),
)


def delay(request_sha256: str) -> float:
    """Seconds a department takes for this request; the same request always takes the same."""
    chance = min(max(Draw.of(request_sha256).unit("delay"), _EDGE), 1 - _EDGE)
    return _MEDIAN * math.exp(_SIGMA * NormalDist().inv_cdf(chance))


def mishap(request_sha256: str) -> Fault | None:
    """The rare failure this request meets, if any."""
    left = Draw.of(request_sha256).unit("mishap")
    for kind, share in _RARE:
        left -= share
        if left < 0:
            return Fault(kind=kind)
    return None
