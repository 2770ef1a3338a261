"""The bank portal: cases, packets, loans and products of one bank."""

from typing import Final

from bank_portal import (
    access,
    cases,
    cases_api,
    duties,
    loans,
    notices,
    packets,
    products,
    pulls,
    receipts,
    requests,
    requests_api,
    words,
)
from bank_portal.blueprints import api, pages
from yidaitong.kernel.text import Text
from yidaitong.web.nav import NavItem

nav: Final = [
    NavItem("bank.work", Text("工作台", "Work list"), "list", "application.read"),
    NavItem(
        "bank.request_list", Text("授权请求", "Requests for consent"), "shield", "consent.read"
    ),
    NavItem("bank.packets", Text("数据包", "Packets"), "inbox", "packet.read"),
    NavItem("bank.duty_list", Text("留存与删除", "Copies to erase"), "clock", "packet.read"),
    NavItem("bank.loan_list", Text("贷款", "Loans"), "money", "loan.read"),
    NavItem("bank.products", Text("产品与规则", "Products"), "product", "product.read"),
    NavItem("bank.notice_list", Text("通知", "Notices"), "flag", "notice.read"),
    NavItem("bank.api_access", Text("接口接入", "API access"), "lock", "api_client.read"),
]

__all__ = [
    "access",
    "api",
    "cases",
    "cases_api",
    "duties",
    "loans",
    "nav",
    "notices",
    "packets",
    "pages",
    "products",
    "pulls",
    "receipts",
    "requests",
    "requests_api",
    "words",
]
