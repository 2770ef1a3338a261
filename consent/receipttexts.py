"""Which act gets which receipt, and the sentence it is told in; Chinese, as it is kept."""

from collections.abc import Mapping
from typing import Final

from consent.events import EventType
from consent.models import ReceiptType

BANK: Final = "BANK"  # The bank's own view; others are made out to the kind of the principal.

TYPES: Mapping[str, ReceiptType] = {
    EventType.CONSENT_GRANTED: ReceiptType.GRANT,
    EventType.CONSENT_PAUSED: ReceiptType.PAUSE,
    EventType.CONSENT_RESUMED: ReceiptType.RESUME,
    EventType.CONSENT_SUSPENDED: ReceiptType.SUSPEND,
    EventType.CONSENT_RESTORED: ReceiptType.REINSTATE,
    EventType.CONSENT_REVOKED: ReceiptType.REVOKE,
    EventType.CONSENT_USE_WITHDRAWN: ReceiptType.REVOKE,
    EventType.CONSENT_EXPIRED: ReceiptType.EXPIRE,
    EventType.CONSENT_EXHAUSTED: ReceiptType.EXPIRE,
    EventType.CONSENT_VOIDED: ReceiptType.VOID,
    EventType.CONSENT_VOID_FOUND: ReceiptType.VOID,
    EventType.PACKET_ISSUED: ReceiptType.RELEASE,
    EventType.COPY_ERASED: ReceiptType.ERASURE,
}
AMENDED = "授权已于{at}（北京时间）按您签署的变更更新，有效期至{until}，可随时撤回。"
TEXTS: Mapping[str, str] = {
    EventType.CONSENT_GRANTED: "您已于{at}（北京时间）授权，有效期至{until}，可随时撤回。",
    EventType.CONSENT_PAUSED: "您已于{at}（北京时间）暂停授权，立即生效。",
    EventType.CONSENT_RESUMED: "授权已于{at}（北京时间）恢复。",
    EventType.CONSENT_SUSPENDED: "授权已于{at}（北京时间）中止。",
    EventType.CONSENT_RESTORED: "授权已于{at}（北京时间）恢复。",
    EventType.CONSENT_REVOKED: "您已于{at}（北京时间）撤回授权，立即生效。",
    EventType.CONSENT_USE_WITHDRAWN: (
        "您已于{at}（北京时间）撤回对已提供数据的使用授权，立即生效。"
    ),
    EventType.CONSENT_EXPIRED: "授权已于{at}（北京时间）到期。",
    EventType.CONSENT_EXHAUSTED: "授权次数已于{at}（北京时间）用完。",
    EventType.CONSENT_VOIDED: "授权于{at}（北京时间）经核查认定自始无效。",
    EventType.CONSENT_VOID_FOUND: "授权于{at}（北京时间）经核查认定自始无效。",
    EventType.PACKET_ISSUED: "平台于{at}（北京时间）按您的授权向{bank}签发数据包。",
    EventType.COPY_ERASED: "{bank}于{at}（北京时间）签名声明已删除数据包副本。",
}
# The bank reads about somebody else's act.
OTHERS: Mapping[str, str] = {
    EventType.CONSENT_GRANTED: "授权于{at}（北京时间）生效，有效期至{until}。",
    EventType.CONSENT_PAUSED: "授权于{at}（北京时间）被暂停，立即生效。",
    EventType.CONSENT_REVOKED: "授权于{at}（北京时间）被撤回，立即生效。",
    EventType.CONSENT_USE_WITHDRAWN: "已提供数据的使用授权于{at}（北京时间）被撤回，立即生效。",
    EventType.PACKET_ISSUED: "平台于{at}（北京时间）向{bank}签发数据包。",
}
