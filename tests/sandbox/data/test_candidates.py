"""Firms the demo registers."""

from collections import Counter
from datetime import date

from yidaitong.enterprises.registry import CITY
from yidaitong.kernel.codes import uscc_problem
from yidaitong.sandbox.data import PERSONAS, candidates, identity_result

TODAY = date(2026, 11, 25)


class TestCandidates:
    def test_every_one_of_them_can_register(self) -> None:
        found = candidates(300, TODAY)

        assert len(found) == 300
        for firm in found:
            rep = firm.rep
            assert uscc_problem(firm.uscc) is None
            assert (firm.status, firm.district[:4]) == ("1", CITY)
            assert identity_result(rep.name, rep.id_no, rep.mobile) == "VERIFIED"

    def test_no_two_share_a_name_a_person_or_a_number(self) -> None:
        found = candidates(300, TODAY)

        for facts in (
            [firm.uscc for firm in found],
            [firm.name for firm in found],
            [firm.rep.id_no for firm in found],
            [firm.rep.mobile for firm in found],
        ):
            assert len(set(facts)) == 300

    def test_the_designed_ones_come_first_and_all_kinds_follow(self) -> None:
        found = candidates(300, TODAY)

        assert [firm.uscc for firm in found[: len(PERSONAS)]] == list(PERSONAS)
        mix = Counter(firm.archetype.value for firm in found)
        assert mix["healthy"] > mix["startup"] > 0
        assert min(mix["seasonal"], mix["shrinking"], mix["distressed"]) > 0
        assert 30 <= sum(firm.uscc.startswith("92") for firm in found) <= 60

    def test_fewer_are_the_first_of_more(self) -> None:
        assert candidates(20, TODAY) == candidates(40, TODAY)[:20]
