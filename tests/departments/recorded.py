"""Recorded answers of departments, in as few words as a test needs."""

from collections.abc import Mapping
from datetime import date

from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.items import ITEMS, Derived, Why, derive
from yidaitong.departments.reading import month_text, parse_month

ON = date(2018, 7, 17)
JUNE = date(2018, 6, 30)
MONTHS = [month_text(parse_month("2018-06") - back) for back in range(24)]  # Newest first.
FROM_ANSWERS = [item.name for item in ITEMS.values() if item.resource is not None]


def said(items: Mapping[str, object], outcome: Outcome = Outcome.DATA) -> Answer:
    return Answer(outcome=outcome, as_of=JUNE, items=items)


def derived(name: str, items: Mapping[str, object], **registry: object) -> Derived:
    answers = {ITEMS[name].resource or "": said(items)}
    if registry:
        answers["SAMR.REG"] = said(registry)
    return derive(name, answers, ON, own_consent=True)


def value(name: str, items: Mapping[str, object], **registry: object) -> object:
    found = derived(name, items, **registry)
    assert found.why is None
    return found.value


def why(name: str, items: Mapping[str, object], **registry: object) -> Why | None:
    found = derived(name, items, **registry)
    assert found.value is None
    return found.why


def payment(month: str, yuan: str, code: str = "10101", kind: str = "1") -> dict[str, object]:
    return {"month": month, "code": code, "kind": kind, "amount_fen": yuan, "in_date": None}


def filing(month: str, yuan: str, tax: str = "10101") -> dict[str, object]:
    return {"month": month, "tax": tax, "sales_fen": yuan}


def insured(month: str, count: int, due: str = "100.00", paid: str = "100.00") -> dict[str, object]:
    return {"month": month, "insured": count, "due_fen": due, "paid_fen": paid}


def deposit(
    month: str, yuan: str, remitted: str | None = "2018-06-18", back: bool = False
) -> dict[str, object]:
    return {"month": month, "amount_fen": yuan, "remitted_on": remitted, "back_pay": back}


def bill(
    month: str, qty: str = "10.5", fee: str = "8.00", paid: str | None = None
) -> dict[str, object]:
    due = f"{month}-25"
    return {"month": month, "qty": qty, "fee_fen": fee, "due": due, "paid_on": paid or due}


def account(
    bills: list[dict[str, object]], acct: str = "1", own: bool = True, **more: object
) -> dict[str, object]:
    facts = {"tariff": "02", "arrears_fen": "0.00", "cut_12m": 0, "theft": False}
    return {"acct": acct, "holder_matches": own, "bills": bills, **facts, **more}
