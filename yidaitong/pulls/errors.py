"""What pulls refuse, beyond the refusals of consents."""

from yidaitong.kernel.errors import ConflictError, InvalidRequestError, TooManyRequestsError
from yidaitong.kernel.text import Text


class IdempotencyConflictError(ConflictError):
    """The key was used for another request before."""

    code = "IdempotencyConflict"
    text = Text("同一幂等键对应不同内容", "Key already used for other content")


class InvalidDateRangeError(InvalidRequestError):
    """Dates outside the consented range, or not in order."""

    code = "InvalidDateRange"
    text = Text("请求的日期超出授权区间", "Dates outside the consented range")


class FrequencyExceededError(TooManyRequestsError):
    """The window is full; ``next_allowed_at`` and ``retry_after`` say when to come back."""

    code = "FrequencyExceeded"
    text = Text("调取次数已满", "Call limit reached for now")
