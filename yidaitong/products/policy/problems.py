"""What is wrong with a policy, by place, for people who write policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.text import Text

MAX_TOLD: Final = 50


# Wire format: append only.
class Flaw(StrEnum):
    """One kind of mistake."""

    SIZE = "POLICY_SIZE"
    SYNTAX = "POLICY_SYNTAX"
    ENCODING = "POLICY_ENCODING"
    NESTING = "POLICY_NESTING"
    DUPLICATE = "POLICY_DUPLICATE"
    NUMBER = "POLICY_NUMBER"
    NOT_OBJECT = "POLICY_NOT_OBJECT"
    NOT_LIST = "POLICY_NOT_LIST"
    NOT_INTEGER = "POLICY_NOT_INTEGER"
    NEGATIVE = "POLICY_NEGATIVE"
    NULL = "POLICY_NULL"
    UNKNOWN_KEY = "POLICY_UNKNOWN_KEY"
    MISSING_KEY = "POLICY_MISSING_KEY"
    COUNT = "POLICY_COUNT"
    NAME = "POLICY_NAME"
    REPEATED = "POLICY_REPEATED"
    RESERVED = "POLICY_RESERVED"
    ITEM = "POLICY_ITEM"
    OP = "POLICY_OP"
    OP_TYPE = "POLICY_OP_TYPE"
    VALUE_TYPE = "POLICY_VALUE_TYPE"
    DOMAIN = "POLICY_DOMAIN"
    BOUNDS = "POLICY_BOUNDS"
    THRESHOLD = "POLICY_THRESHOLD"
    ON_FAIL = "POLICY_ON_FAIL"
    OUTPUTS = "POLICY_OUTPUTS"
    FN = "POLICY_FN"
    EXPR = "POLICY_EXPR"
    OUTPUT = "POLICY_OUTPUT"
    NOT_NUMERIC = "POLICY_NOT_NUMERIC"
    DEPTH = "POLICY_DEPTH"
    STEP = "POLICY_STEP"

    @property
    def text(self) -> Text:
        """Words for people."""
        return _TEXTS[self]


_TEXTS: Final = {
    Flaw.SIZE: Text("政策文本超过 64 KB", "The policy is larger than 64 KB"),
    Flaw.SYNTAX: Text("不是有效的 JSON", "Not valid JSON"),
    Flaw.ENCODING: Text("不是有效的 UTF-8 文本", "Not valid UTF-8 text"),
    Flaw.NESTING: Text("嵌套层数过多", "Nested too deeply"),
    Flaw.DUPLICATE: Text("同一对象中有重复的键", "A key is given twice in one object"),
    Flaw.NUMBER: Text(
        "只能使用整数,且绝对值不超过 9007199254740991",
        "Only whole numbers, at most 9007199254740991 in size",
    ),
    Flaw.NOT_OBJECT: Text("应为对象", "Must be an object"),
    Flaw.NOT_LIST: Text("应为列表", "Must be a list"),
    Flaw.NOT_INTEGER: Text("应为整数", "Must be a whole number"),
    Flaw.NEGATIVE: Text("不能为负数", "Must not be negative"),
    Flaw.NULL: Text("不允许空值 null", "null is not allowed"),
    Flaw.UNKNOWN_KEY: Text("不认识的键", "Unknown key"),
    Flaw.MISSING_KEY: Text("缺少必需的键", "A required key is missing"),
    Flaw.COUNT: Text("数量超出允许范围", "Too few or too many"),
    Flaw.NAME: Text("名称格式不正确", "Not a well-formed name"),
    Flaw.REPEATED: Text("编号重复", "This id is used twice"),
    Flaw.RESERVED: Text("该编号为系统保留", "This id is reserved"),
    Flaw.ITEM: Text("目录中没有该指标", "No such item in the catalogue"),
    Flaw.OP: Text("不认识的运算符", "Unknown operator"),
    Flaw.OP_TYPE: Text("该运算符不适用于此类指标", "This operator does not fit the item's type"),
    Flaw.VALUE_TYPE: Text("取值类型与指标不符", "The value is not of the item's type"),
    Flaw.DOMAIN: Text("取值超出指标的取值范围", "The value is outside the item's domain"),
    Flaw.BOUNDS: Text("下限大于上限", "The lower bound exceeds the upper"),
    Flaw.THRESHOLD: Text(
        "门槛应当且只能以 value 或 expr 之一给出(真假运算不带门槛)",
        "Give the threshold as exactly one of value and expr (none for is_true, is_false)",
    ),
    Flaw.ON_FAIL: Text("on_fail 只能是 REJECT 或 REFER", "on_fail is REJECT or REFER"),
    Flaw.OUTPUTS: Text("各行的输出名称必须相同", "Every row must have the same outputs"),
    Flaw.FN: Text("不认识的函数或参数个数不对", "Unknown function or wrong number of arguments"),
    Flaw.EXPR: Text(
        "表达式应为整数、指标、t.输出或只含一个函数的对象",
        "An expression is an integer, an item, t.output or an object of one function",
    ),
    Flaw.OUTPUT: Text("表中没有该输出,或此处不可引用", "No such output, or not allowed here"),
    Flaw.NOT_NUMERIC: Text("表达式只能使用数值指标", "Expressions use numeric items only"),
    Flaw.DEPTH: Text("表达式超过 12 层", "The expression is deeper than 12"),
    Flaw.STEP: Text("取整单位应不小于 1", "The step of floor_to is at least 1"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake at one place; ``path`` is a JSONPath (RFC 9535) such as ``$.rules[3].op``."""

    path: str
    flaw: Flaw

    @property
    def text(self) -> Text:
        """The place and the mistake, for people."""
        words = self.flaw.text
        return Text(f"{self.path}:{words.zh}", f"{self.path}: {words.en}")


class InvalidPolicyError(InvalidRequestError):
    """The text is no policy; ``problems`` says where and why (at most 50).

    ``fields`` holds words by place for a form, the member ``problems`` codes by place for an API.
    """

    code = "InvalidPolicy"
    text = Text("准入规则有误,未保存", "The policy is not valid; nothing was saved")

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems[:MAX_TOLD])
        first = self.problems[0]
        super().__init__(
            f"{len(problems)} problems, first {first.flaw} at {first.path}",
            fields={problem.path: problem.text for problem in self.problems},
            problems=[f"{problem.path} {problem.flaw.value}" for problem in self.problems],
        )
