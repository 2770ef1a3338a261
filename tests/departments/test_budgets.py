"""Retries are a tenth of the calls, whatever the order they are wanted in."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yidaitong.departments.budgets import BURST, PER_SECOND, RATIO, RetryBudget

pytestmark = pytest.mark.promise("R8")


@given(st.lists(st.sampled_from(["ask", "again", "wait"]), max_size=400))
def test_never_more_than_a_tenth_and_what_was_saved(acts: list[str]) -> None:
    now = 0.0
    budget = RetryBudget(lambda: now)
    asked = again = 0
    for act in acts:
        if act == "ask":
            budget.earn("TAX")
            asked += 1
        elif act == "wait":
            now += 1.0
        else:
            again += budget.spend("TAX")
        assert again <= BURST + RATIO * asked + PER_SECOND * now + 1e-6


def test_one_department_does_not_pay_for_another() -> None:
    budget = RetryBudget(lambda: 0.0)
    while budget.spend("TAX"):
        pass

    assert budget.spend("SAMR")


def test_threads_share_one_purse() -> None:
    budget = RetryBudget(lambda: 0.0)
    got: list[bool] = []
    threads = [
        threading.Thread(target=lambda: got.extend(budget.spend("TAX") for _ in range(5)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got.count(True) == BURST
