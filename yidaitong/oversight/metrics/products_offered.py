"""M03: products on offer."""

from sqlalchemy import func, select

from yidaitong.banks.queries import banks
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import BANK, PRODUCT, Metric, Moment, Page, Row, Unit
from yidaitong.oversight.sources import on_offer
from yidaitong.products.models import ProductVersion


def _value(uow: UnitOfWork, moment: Moment) -> int:
    products = func.count(func.distinct(ProductVersion.product_id))
    return uow.session.scalar(select(products).where(*on_offer(moment))) or 0


def _rows(uow: UnitOfWork, moment: Moment, page: Page) -> list[Row]:
    query = (
        select(ProductVersion)
        .where(*on_offer(moment))
        .order_by(ProductVersion.product_id)
        .limit(page.limit)
    )
    if page.after is not None:
        query = query.where(ProductVersion.product_id > page.after)
    names = {bank.id: bank.name for bank in banks(uow)}
    return [
        Row(
            key=version.product_id,
            cells=(
                version.product_id,
                version.name,
                names.get(version.bank_id, version.bank_id),
                version.version,
                version.effective_from,
            ),
        )
        for version in uow.session.scalars(query)
    ]


METRIC = Metric(
    id="M03",
    text=Text("金融产品数", "Products"),
    unit=Unit.COUNT,
    definition=Text(
        "统计日有已生效版本的产品数，按产品编号计",
        "Products with a version in effect at the end of the day, one per product code",
    ),
    columns=(
        Text("产品编号", "Code"),
        PRODUCT,
        BANK,
        Text("版本", "Version"),
        Text("生效时间", "In effect since"),
    ),
    value=_value,
    rows=_rows,
)
