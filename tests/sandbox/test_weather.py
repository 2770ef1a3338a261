"""Departments on an ordinary day."""

from collections import Counter
from pathlib import Path
from statistics import quantiles

import pytest

from consent.events import sha256_b64u
from tests.departments.gateways import Platform, a_gateway
from tests.sandboxes import sandbox_at
from yidaitong.departments.answers import Outcome
from yidaitong.sandbox import weather
from yidaitong.sandbox.faults import Fault, FaultKind

REQUESTS = [sha256_b64u(str(n).encode()) for n in range(20_000)]


class TestDelay:
    def test_it_is_as_slow_as_real_ones_are(self) -> None:
        cuts = quantiles([weather.delay(one) for one in REQUESTS], n=100)

        assert 0.17 < cuts[49] < 0.19
        assert 2.1 < cuts[98] < 2.9

    def test_the_same_request_takes_the_same_time(self) -> None:
        assert weather.delay(REQUESTS[0]) == weather.delay(REQUESTS[0])


class TestMishap:
    def test_failures_are_as_rare_as_said(self) -> None:
        found = Counter(fault.kind if fault else None for fault in map(weather.mishap, REQUESTS))

        total = len(REQUESTS)
        assert 0.005 < found[FaultKind.UNAVAILABLE] / total < 0.009
        assert 0.002 < found[FaultKind.STALE] / total < 0.004
        assert 0.001 < found[FaultKind.SUBJECT_MISMATCH] / total < 0.003

    def test_an_ordinary_day_has_them_only_when_asked_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        platform = Platform(tmp_path)
        monkeypatch.setattr(weather, "delay", lambda _: 0.0)
        monkeypatch.setattr(weather, "mishap", lambda _: Fault(kind=FaultKind.UNAVAILABLE))
        outcomes = []
        for setting in ("0", "1"):
            monkeypatch.setenv("YDT_SANDBOX_WEATHER", setting)
            with sandbox_at(tmp_path) as live, a_gateway(live, platform) as gateway:
                answer = gateway.fetch(platform.order("TAX.PAY")).answer
                outcomes.append(None if answer is None else answer.outcome)

        assert outcomes == [Outcome.DATA, Outcome.UNAVAILABLE]
