"""The demo's starting state: complete, and the same however often it is made."""

from yidaitong.kernel.actor import SYSTEM
from yidaitong.oversight import queries
from yidaitong.products.queries import shelf
from yidaitong.runtime import Runtime
from yidaitong.sandbox import demo
from yidaitong.sandbox.staff import MEMBERS


class TestSeed:
    def test_it_opens_with_four_products_of_two_banks(self, runtime: Runtime) -> None:
        logins = demo.seed(runtime)

        assert len(logins) == len(MEMBERS)
        with runtime.transaction(SYSTEM) as uow:
            assert [one.product_id for one in shelf(uow)] == [
                "PAYROLL-FUND",
                "POWER-FLOW",
                "SCI-TECH",
                "TAX-CREDIT",
            ]
            figures = queries.figures(uow)
        assert figures["M02"].value == 2
        assert figures["M03"].value == 4

    def test_doing_it_again_changes_nothing(self, runtime: Runtime) -> None:
        first = demo.seed(runtime)

        assert demo.seed(runtime) == first
        with runtime.transaction(SYSTEM) as uow:
            assert len(shelf(uow)) == 4

    def test_no_two_members_are_one_person(self) -> None:
        assert len({member.person.id_no for member in MEMBERS}) == len(MEMBERS)
