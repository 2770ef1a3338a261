"""The enterprise portal: registration, authorizations, applications and loans."""

from typing import Final

from enterprise_portal import (
    asks,
    profile,
    receipts,
    registration,
    registration_api,
    wallet,
    wallet_api,
)
from enterprise_portal.blueprints import api, pages
from yidaitong.kernel.text import Text
from yidaitong.web.nav import NavItem

nav: Final = [
    NavItem("enterprise.wallet", Text("我的授权", "My authorizations"), "shield", "consent.read"),
    NavItem("enterprise.profile", Text("企业信息", "My enterprise"), "department", "enterprise.read"),
]

__all__ = [
    "api",
    "asks",
    "nav",
    "pages",
    "profile",
    "receipts",
    "registration",
    "registration_api",
    "wallet",
    "wallet_api",
]
