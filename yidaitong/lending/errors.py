"""What lending refuses, each with a permanent code and words for people."""

from yidaitong.kernel.errors import ConflictError, InvalidRequestError, InvalidStateError
from yidaitong.kernel.text import Text


class ProductNotOfferedError(InvalidStateError):
    """Nobody offers this product now."""

    code = "ProductNotOffered"
    text = Text("该产品当前未上架", "This product is not on offer now")


class ProductChangedError(ConflictError):
    """The product's policy changed after the enterprise gave its consent."""

    code = "ProductChanged"
    text = Text(
        "产品规则已更新,请取消本申请后重新申请",
        "The product's rules changed; cancel this application and apply again",
    )


class ConsentMissingError(InvalidStateError):
    """The enterprise has not authorized what the product needs, or no longer does."""

    code = "ConsentMissing"
    text = Text("请先完成企业信息查询授权", "Authorize the queries this product needs first")


class NotEvaluatedError(InvalidStateError):
    """The policy has not spoken: data are still being collected."""

    code = "NotEvaluated"
    text = Text("数据仍在调取,规则尚未运行", "Data are still being collected; no result yet")


class PolicyRejectedError(InvalidStateError):
    """A REJECT of the policy cannot be approved, by anybody."""

    code = "PolicyRejected"
    text = Text("规则结果为不通过,不能批准", "The policy rejects this case; nobody can approve it")


class LimitExceededError(InvalidStateError):
    """With what the enterprise owes by now, the amount is above the policy's limit."""

    code = "LimitExceeded"
    text = Text("超过当前可批额度", "Above the limit the policy allows now")


class TermsChangedError(ConflictError):
    """What is confirmed is not what was shown."""

    code = "TermsChanged"
    text = Text(
        "内容与所示不一致,请刷新后重新确认", "This is not what was shown; reload and confirm"
    )


class OfferLapsedError(InvalidStateError):
    """The offer's time is over."""

    code = "OfferLapsed"
    text = Text("要约已过有效期", "The offer has lapsed")


class BalanceBelowZeroError(InvalidRequestError):
    """The loan's balance would be below zero at the end of some day, or above its contract."""

    code = "BalanceOutOfRange"
    text = Text(
        "将使某日余额小于零或累计放款超过合同金额,未作任何更改",
        "Some day's balance would fall below zero, or more than the contract would be paid out; "
        "nothing was changed",
    )
