"""The government portal: overview, enterprises, departments, products, ledger, audit."""

from gov_portal import (
    bank_access,
    boards,
    departments,
    duties,
    enterprises,
    filters,
    key_statements,
    ledger,
    notices,
    operations,
    orders,
    overview,
    products,
    trail,
)
from gov_portal.blueprints import api, pages
from yidaitong.kernel.text import Text
from yidaitong.web.nav import NavItem

__all__ = [
    "api",
    "bank_access",
    "boards",
    "departments",
    "duties",
    "enterprises",
    "filters",
    "key_statements",
    "ledger",
    "nav",
    "notices",
    "operations",
    "orders",
    "overview",
    "pages",
    "products",
    "trail",
]

nav = [
    NavItem("gov.overview", Text("总览", "Overview"), "chart", "overview.read"),
    NavItem("gov.boards", Text("授权运行", "How consents fare"), "list", "overview.read"),
    NavItem("gov.enterprises", Text("企业", "Enterprises"), "users", "enterprise.read"),
    NavItem("gov.departments", Text("部门与目录", "Departments"), "department", "department.read"),
    NavItem("gov.products", Text("金融产品", "Products"), "product", "product.read"),
    NavItem("gov.ledger", Text("存证日志", "Evidence log"), "ledger", "ledger.read"),
    NavItem("gov.orders_page", Text("授权处置", "Orders"), "shield", "consent_order.read"),
    NavItem("gov.duty_lists", Text("银行义务", "Duties of banks"), "scale", "duty.read"),
    NavItem("gov.addresses", Text("银行回调地址", "Callback addresses"), "link", "callback.read"),
    NavItem(
        "gov.bank_access_page", Text("银行接口接入", "Banks' API access"), "lock", "api_client.read"
    ),
    NavItem("gov.trail", Text("审计轨迹", "Audit trail"), "eye", "audit.read"),
    NavItem("gov.operations", Text("运行", "Operations"), "pulse", "ops.read"),
]
