"""What is wrong with a field, in words; unknown codes get a general sentence."""

import re
from collections.abc import Mapping
from typing import Any, Final

from yidaitong.kernel.text import Text
from yidaitong.web.i18n import current_locale

GENERAL: Final = Text("内容不正确", "Not valid")

# Codes of our own checks. Wire format: append only.
FIELD_TEXTS: Final[Mapping[str, Text]] = {
    "MISSING": Text("请填写此项", "Please fill this in"),
    "UNKNOWN": Text("不支持的字段", "Unknown field"),
    "REPEATED": Text("重复填写", "Given more than once"),
    "NOT_TEXT": Text("应为文字", "Must be text"),
    "NOT_INTEGER": Text("应为整数", "Must be a whole number"),
    "NOT_DATE": Text("日期不正确", "Not a date"),
    "NOT_ID": Text("编号不正确", "Not an id"),
    "NOT_BOOLEAN": Text("应为是或否", "Must be yes or no"),
    "NOT_MONEY": Text("金额不正确", "Not an amount of money"),
    "NOT_JSON": Text("应为 application/json", "Must be application/json"),
    "NOT_LIST": Text("应为列表", "Must be a list"),
    "CHOICE": Text("请从选项中选择", "Choose one of the options"),
    "TOO_LONG": Text("内容过长", "Too long"),
    "TOO_SHORT": Text("内容过短", "Too short"),
    "TOO_SMALL": Text("数值过小", "Too small"),
    "TOO_LARGE": Text("数值过大", "Too large"),
    "LENGTH": Text("长度不正确", "Wrong length"),
    "SIGNS": Text("含有不允许的字符", "Contains signs that are not allowed"),
    "PATTERN": Text("格式不正确", "Wrong format"),
    "CHECK_DIGIT": Text("校验码不正确,请核对", "The check digit is wrong; please compare"),
    "BODY_CHECK_DIGIT": Text(
        "主体标识码的校验码不正确,请核对", "The organisation body's check digit is wrong"
    ),
    "BIRTHDAY": Text("出生日期不正确", "The birthday is no date"),
    "PASSWORD_SHORT": Text("密码至少 10 个字符", "At least 10 signs"),
    "PASSWORD_SAME": Text("新密码不能与原密码相同", "Must differ from the current password"),
    "PASSWORD_AGAIN": Text("两次输入的密码不一致", "The two passwords differ"),
    "WRONG_PASSWORD": Text("密码不正确,请重新输入", "Wrong password; enter it again"),
    "RANGE": Text("超出允许范围", "Out of range"),
    "UNEXPECTED": Text("此项不应填写", "Does not belong here"),
    "NOT_AS_OFFERED": Text("须与已接受的要约一致", "Must equal the accepted offer"),
    "BALANCE": Text("与贷款余额或合同金额不符", "Does not fit the balance or the contract"),
    "NOT_VALID": GENERAL,
    "NOT_HTTPS": Text("须为 https 地址", "Must be an https address"),
    "ADDRESS": Text(
        "该地址无法解析或不在公网", "Does not resolve, or lies outside the open internet"
    ),
    "ACK_FORM": Text("不是对通知的确认", "Not an answer to a notice"),
    "ACK_OTHER": Text("确认的不是这份通知", "Answers another notice"),
    "OUT_OF_RANGE": Text("超出允许范围", "Out of range"),
}

# Sentences of marshmallow's fields and validators, as codes.
_SENTENCES: Final = (
    (re.compile(r"Missing data for required field\.|Field may not be null\."), "MISSING"),
    (re.compile(r"Unknown field\."), "UNKNOWN"),
    (re.compile(r"Not a valid string\.|Not a valid utf-8 string\."), "NOT_TEXT"),
    (re.compile(r"Not a valid (integer|number)\.|Number too large\."), "NOT_INTEGER"),
    (re.compile(r"Not a valid (date|datetime|time|naive datetime|aware datetime)\."), "NOT_DATE"),
    (re.compile(r"Not a valid UUID\."), "NOT_ID"),
    (re.compile(r"Not a valid boolean\."), "NOT_BOOLEAN"),
    (re.compile(r"Not a valid list\."), "NOT_LIST"),
    (
        re.compile(r"Must be one of: |Not a valid choice\.|Invalid choice|Must be equal to"),
        "CHOICE",
    ),
    (re.compile(r"Longer than maximum length|Length must be"), "TOO_LONG"),
    (re.compile(r"Shorter than minimum length"), "TOO_SHORT"),
    (re.compile(r"Must be greater than .* and less than"), "OUT_OF_RANGE"),
    (re.compile(r"Must be greater than"), "TOO_SMALL"),
    (re.compile(r"Must be less than"), "TOO_LARGE"),
    (re.compile(r"String does not match expected pattern\."), "PATTERN"),
)


def code_of(message: Any) -> str:
    """The permanent code of one message: ours is one already, marshmallow's is looked up."""
    text = str(message)
    if text in FIELD_TEXTS:
        return text
    for sentence, code in _SENTENCES:
        if sentence.match(text):
            return code
    return text if re.fullmatch(r"[A-Z][A-Z0-9_]{1,63}", text) else "NOT_VALID"


def flatten(messages: Mapping[Any, Any], prefix: str = "") -> dict[str, str]:
    """Marshmallow's nested messages as ``{"lines.0.amount": code}``."""
    found: dict[str, str] = {}
    for name, value in messages.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found |= flatten(value, f"{key}.")
        elif value:
            found[key] = code_of(value[0] if isinstance(value, list) else value)
    return found


def field_text(code: Any) -> str:
    """One code, or a text in two languages, in the reader's language."""
    text = code if isinstance(code, Text) else FIELD_TEXTS.get(code_of(code), GENERAL)
    return text.pick(current_locale())


def field_texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by field, in the reader's language."""
    return {name: field_text(code) for name, code in fields.items()}
