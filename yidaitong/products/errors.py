"""What may go wrong with products."""

from yidaitong.kernel.errors import ConflictError, InvalidRequestError, InvalidStateError
from yidaitong.kernel.text import Text


class ProductTakenError(ConflictError):
    """The product id belongs to another bank, or a version of it is under way."""

    code = "ProductTaken"
    text = Text("产品编号已被占用,或已有版本在办理中", "The id is taken, or a version is under way")


class ContentChangedError(ConflictError):
    """What was shown is not what would be decided on."""

    code = "ContentChanged"
    text = Text("产品内容已变更,请刷新后重新核对", "The product changed; reload and read it again")


class NotAdmissibleError(InvalidStateError):
    """Checks of the platform found something; ``findings`` are their codes."""

    code = "NotAdmissible"
    text = Text("产品未通过平台检查,请按检查结果修改", "The product fails the platform's checks")


class InvalidTrialsError(InvalidRequestError):
    """The test cases cannot be read."""

    code = "InvalidTrials"
    text = Text("测试用例格式有误", "The test cases are not well-formed")
