"""Kinds of two-person orders and where an order stands."""

from enum import StrEnum

from yidaitong.kernel.text import Text


# Wire format: append only.
class OrderKind(StrEnum):
    """What two persons of the centre may order."""

    SUSPEND = "SUSPEND"
    RESTORE = "RESTORE"
    VOID = "VOID"
    INVALIDATE_MANDATE = "INVALIDATE_MANDATE"
    RESET_QUORUM = "RESET_QUORUM"
    REVISE_TEXT = "REVISE_TEXT"
    CLEAR_CLOCK = "CLEAR_CLOCK"
    DESTROY_KEK = "DESTROY_KEK"

    @property
    def text(self) -> Text:
        """The kind in words for people."""
        return _KINDS[self]


_KINDS = {
    OrderKind.SUSPEND: Text("中止授权", "Suspend an authorization"),
    OrderKind.RESTORE: Text("恢复授权", "Restore an authorization"),
    OrderKind.VOID: Text("认定授权自始无效", "Declare an authorization void"),
    OrderKind.INVALIDATE_MANDATE: Text("认定委托自始无效", "Declare a mandate void"),
    OrderKind.RESET_QUORUM: Text("重置签署人数", "Reset a quorum"),
    OrderKind.REVISE_TEXT: Text("启用新版授权文本", "Put a revised text into force"),
    OrderKind.CLEAR_CLOCK: Text("确认数据库时钟", "Clear the database's clock"),
    OrderKind.DESTROY_KEK: Text("销毁旧主密钥", "Destroy an old key-encryption key"),
}


# Wire format: append only.
class OrderState(StrEnum):
    """Whether the second person has decided."""

    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _STATES[self]


_STATES = {
    OrderState.PROPOSED: Text("待复核", "Waiting for a second person"),
    OrderState.CONFIRMED: Text("已执行", "Carried out"),
    OrderState.REJECTED: Text("已否决", "Turned down"),
}
