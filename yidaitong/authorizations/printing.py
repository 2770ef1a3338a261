"""A receipt on paper: Chinese, with what the JSON says and a code that leads to its proof."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import segno
from fpdf import FPDF
from fpdf.enums import WrapMode
from pylopdf_fonts_zh_cn import sans_path

_FONT: Final = "sans"
_MARGIN: Final = 18
_LABEL: Final = 38
_LINE: Final = 6.5
_QR: Final = 32
_KINDS: Final[Mapping[str, str]] = {
    "GRANT": "授权回执",
    "AMEND": "授权变更回执",
    "PAUSE": "授权暂停回执",
    "RESUME": "授权恢复回执",
    "SUSPEND": "授权中止回执",
    "REINSTATE": "授权恢复回执",
    "REVOKE": "授权撤回回执",
    "EXPIRE": "授权终止回执",
    "VOID": "授权无效回执",
    "RELEASE": "数据提供回执",
    "ERASURE": "数据删除回执",
}


def receipt_pdf(receipt: Mapping[str, Any], address: str, *, compress: bool = True) -> bytes:
    """A4 pages; ``address`` is where its proof is shown. The JSON file is what counts."""
    page = FPDF(format="A4")
    page.set_compression(compress)
    page.add_font(_FONT, fname=sans_path())
    page.set_margins(_MARGIN, _MARGIN)
    page.set_auto_page_break(auto=True, margin=_MARGIN)
    page.set_title(_KINDS[receipt["receipt_type"]])
    page.set_lang("zh-CN")
    page.add_page()
    _head(page, receipt, address)
    _rows(page, "回执内容", _facts(receipt))
    if receipt["revocation"] is not None:
        _rows(page, "撤回的效果", _effects(receipt["revocation"]))
    _rows(page, "存证", _proof(receipt))
    return bytes(page.output())


def _head(page: FPDF, receipt: Mapping[str, Any], address: str) -> None:
    code = io.BytesIO()
    segno.make(address, error="m").save(code, kind="png", scale=6, border=1)
    page.image(code, x=page.w - _MARGIN - _QR, y=_MARGIN, w=_QR, h=_QR, alt_text=address)
    wide = page.epw - _QR - 6
    page.set_font(_FONT, size=20)
    page.cell(wide, 12, _KINDS[receipt["receipt_type"]], new_x="LMARGIN", new_y="NEXT")
    page.set_font(_FONT, size=12)
    page.multi_cell(wide, 8, receipt["text_zh"], new_x="LMARGIN", new_y="NEXT")
    page.set_font(_FONT, size=8)
    page.set_text_color(90)
    page.multi_cell(wide, 5, f"扫码核验：{address}", new_x="LMARGIN", new_y="NEXT")
    page.set_text_color(0)
    page.set_y(max(page.get_y(), _MARGIN + _QR) + 4)


def _rows(page: FPDF, title: str, rows: Sequence[tuple[str, Any]]) -> None:
    page.set_font(_FONT, size=12)
    page.cell(0, 9, title, new_x="LMARGIN", new_y="NEXT", border="B")
    page.set_font(_FONT, size=9)
    for label, value in rows:
        text = "—" if value is None or value == "" else str(value)
        top = page.get_y()
        if top > page.h - _MARGIN - _LINE:
            page.add_page()
            top = page.get_y()
        page.set_text_color(90)
        page.cell(_LABEL, _LINE, label)
        page.set_text_color(0)
        page.set_xy(_MARGIN + _LABEL, top)
        page.multi_cell(0, _LINE, text, new_x="LMARGIN", new_y="NEXT", wrapmode=WrapMode.CHAR)
    page.ln(3)


def _facts(receipt: Mapping[str, Any]) -> list[tuple[str, Any]]:
    view, event = receipt["view"], receipt["opening"]["event"]
    rows = [
        ("回执编号", receipt["receipt_id"]),
        ("回执类型", receipt["receipt_type"]),
        ("签发时间(UTC)", receipt["issued_at"]),
        ("签发方", receipt["issuer"]),
        ("上一回执", receipt["previous_receipt_id"]),
        ("授权编号", receipt["consent_id"]),
        ("授权摘要", receipt["digest"]),
        ("使用方", view["bank"]),
        ("用途", view["purpose"]),
        ("产品", view["product_id"]),
        ("授权状态", view["state"]),
        ("撤回方式", receipt["withdrawal"]),
    ]
    said = (("数据包摘要", "packet_sha256"), ("声明摘要", "attestation_sha256"))
    return rows + [(label, event[name]) for label, name in said if event.get(name)]


def _effects(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    last = found["last_release"]
    rows = [
        ("生效时间(UTC)", found["effective_at"]),
        ("日志序号", found["index"]),
        ("操作人身份", found["actor_role"]),
        (
            "此前最后提供",
            None if last is None else f"{last['released_at']} {last['packet_sha256']}",
        ),
    ]
    cancelled = (
        ("取消的调取", f"{one['pull_id']} 未发出 {one['lines_not_sent']} 项")
        for one in found["pulls_cancelled"]
    )
    erase = (
        ("银行须删除", f"{one['packet_sha256']} {one['erase_due_at']} {one['state']}")
        for one in found["erase"]
    )
    return [*rows, *cancelled, *erase]


def _proof(receipt: Mapping[str, Any]) -> list[tuple[str, Any]]:
    proof = receipt["proof"]
    return [
        ("日志条目", receipt["leaf"]),
        ("承诺盐值", receipt["opening"]["salt"]),
        ("平台签名", receipt["signature"]),
        ("包含证明", "日志发布后可重新下载带证明的回执" if proof is None else proof),
    ]
