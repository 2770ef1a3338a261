"""The public log of whole stories names nobody: no code, number, phone, name, bank, department."""

import re

import pytest
from sqlalchemy import text

from tests.web.city import City
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.actor import SYSTEM

pytestmark = [pytest.mark.xdist_group("city"), pytest.mark.promise("T21")]
_USCC = re.compile(r"9[123]37[0-9]{4}[0-9A-Z]{10}")
_ID = re.compile(r"\b37[0-9]{4}(19|20)[0-9]{9}[0-9X]\b")


class TestLeaves:
    def test_none_holds_anything_about_anybody(self, city: City) -> None:
        known = []
        for borrower in city.borrowers.values():
            firm = borrower.firm
            known += [firm.uscc, firm.rep.name, firm.rep.id_no, firm.rep.mobile]
        with city.runtime.transaction(SYSTEM) as uow:
            names = uow.session.scalars(text("SELECT name FROM enterprise")).all()
            bodies = uow.session.scalars(text("SELECT body FROM ledger.entry")).all()
        departments = {resource.partition(".")[0] for resource in RESOURCES}
        leaves = [bytes(body).decode() for body in bodies]
        known += [*names, "bank-qilu", "bank-quancheng", *(f'"{one}' for one in departments)]

        assert len(leaves) > 60
        assert [value for value in known for leaf in leaves if value in leaf] == []
        for leaf in leaves:
            assert leaf.isascii()
            assert not _USCC.search(leaf)
            assert not _ID.search(leaf)
