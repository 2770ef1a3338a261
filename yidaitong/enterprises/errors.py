"""What registration refuses, each with a permanent code."""

from yidaitong.kernel.errors import (
    ConflictError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthorisedError,
)
from yidaitong.kernel.text import Text


class AlreadyRegisteredError(ConflictError):
    """The credit code belongs to a registered enterprise."""

    code = "AlreadyRegistered"
    text = Text(
        "该统一社会信用代码已注册,请直接登录;如非本企业注册,请联系服务中心",
        "This credit code is registered already: sign in, or call the service centre if it "
        "was not you",
    )


class RegistrationClosedError(UnauthorisedError):
    """No open registration belongs to this resume code."""

    code = "RegistrationUnknown"
    text = Text("注册进度不存在或已过期,请重新开始", "No such registration; please start again")


class VerificationLockedError(TooManyRequestsError):
    """Too many failed verifications of this firm or this person today."""

    code = "VerificationLocked"
    text = Text(
        "今日核验失败次数已达上限,请明日再试",
        "Too many failed verifications today; try again tomorrow",
    )


class RegistryUnavailableError(ServiceUnavailableError):
    """The business registry gave no usable answer; nothing was decided."""

    code = "RegistryUnavailable"
    text = Text(
        "市场监管登记系统暂未答复,进度已保存,请稍后重试",
        "The business registry did not answer; your progress is saved, try again later",
    )


class VerifierUnavailableError(ServiceUnavailableError):
    """The identity provider gave no usable answer; the try is not counted."""

    code = "VerifierUnavailable"
    text = Text(
        "身份核验服务暂未答复,本次不计次数,请稍后重试",
        "Identity verification did not answer; the try is not counted, try again later",
    )
