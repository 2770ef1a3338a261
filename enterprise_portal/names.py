"""Names of banks, departments and products beside ids; each list is read once for a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from yidaitong.banks import queries as banks
from yidaitong.departments.registry import DEPARTMENTS
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import queries as products

PLATFORM = Text("一贷通平台", "the platform itself")


@dataclass
class Names:
    """What ids are called; an id nobody offers any more stands for itself."""

    uow: UnitOfWork = field(repr=False)

    @cached_property
    def _banks(self) -> Mapping[str, Text]:
        return {one.id: Text(one.name_zh, one.name_en) for one in banks.banks(self.uow)}

    @cached_property
    def _products(self) -> Mapping[str, Text]:
        return {one.product_id: one.name for one in products.shelf(self.uow)}

    def bank(self, bank_id: str | None) -> Text:
        """The bank's name; without a bank the platform is the only recipient."""
        return PLATFORM if bank_id is None else self._banks.get(bank_id, Text(bank_id, bank_id))

    def receiver(self, code: str) -> Text:
        """The name of a bank or department that was told something."""
        department = DEPARTMENTS.get(code)
        return self.bank(code) if department is None else department.text

    def product(self, product_id: str) -> Text:
        """The product's name."""
        return self._products.get(product_id, Text(product_id, product_id))
