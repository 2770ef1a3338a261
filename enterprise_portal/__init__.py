"""The enterprise portal: registration, authorizations, applications and loans."""

from typing import Final

from enterprise_portal import (
    access,
    agents,
    agents_api,
    applications,
    applications_api,
    asks,
    home,
    joining,
    lessening,
    loans,
    notices,
    offers,
    products,
    profile,
    proofs,
    receipts,
    registration,
    registration_api,
    wallet,
    wallet_api,
)
from enterprise_portal.blueprints import api, pages
from yidaitong.kernel.text import Text
from yidaitong.web.nav import NavItem

_OWN: Final = "enterprise.read"
_READ: Final = "application.read"

nav: Final = [
    NavItem("enterprise.home", Text("首页", "Home"), "home", _OWN),
    NavItem("enterprise.shelf", Text("贷款产品", "Loan products"), "product", "product.read"),
    NavItem("enterprise.applications", Text("我的申请", "Applications"), "file", _READ),
    NavItem("enterprise.wallet", Text("我的授权", "My authorizations"), "shield", "consent.read"),
    NavItem(
        "enterprise.accesses", Text("谁看过我的数据", "Who saw my data"), "eye", "consent.read"
    ),
    NavItem("enterprise.notice_list", Text("通知", "Notices"), "flag", "notice.read"),
    NavItem("enterprise.loans", Text("我的贷款", "Loans"), "money", "loan.read"),
    NavItem("enterprise.agents", Text("经办人与签署", "Agents and signing"), "users", _OWN),
    NavItem("enterprise.profile", Text("企业信息", "My enterprise"), "department", _OWN),
]

__all__ = [
    "access",
    "agents",
    "agents_api",
    "api",
    "applications",
    "applications_api",
    "asks",
    "home",
    "joining",
    "lessening",
    "loans",
    "nav",
    "notices",
    "offers",
    "pages",
    "products",
    "profile",
    "proofs",
    "receipts",
    "registration",
    "registration_api",
    "wallet",
    "wallet_api",
]
