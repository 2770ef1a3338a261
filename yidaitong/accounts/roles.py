"""Roles and what each may do; permissions are ``noun.verb``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.text import Text

# Whoever is signed in may see and end their own sessions and change their own password.
OWN_ACCOUNT = "account.manage"
# What a machine of a bank may be given: reading, and acts for which no natural person answers.
MACHINE_PERMISSIONS: Mapping[str, Text] = {
    "product.read": Text("读取产品", "Read products"),
    "application.read": Text("读取申请", "Read applications"),
    "consent.read": Text("读取授权", "Read consents"),
    "pull.read": Text("读取调取进度", "Follow pulls"),
    "packet.read": Text("领取数据包", "Fetch packets"),
    "loan.read": Text("读取贷款", "Read loans"),
    "ledger.read": Text("读取存证日志", "Read the evidence log"),
    "notice.read": Text("读取通知", "Read notices"),
    "callback.read": Text("读取回调地址", "Read callback addresses"),
    "pull.start": Text("发起调取", "Start pulls"),
    "copy.attest": Text("报送删除证明", "Attest erasure"),
    "loan.report": Text("报送贷款事件", "Report loan events"),
    "notice.ack": Text("确认通知", "Acknowledge notices"),
}


@dataclass(frozen=True, slots=True)
class Role:
    """One role; ``code`` is stored."""

    code: str
    text: Text
    realm: Realm
    permissions: frozenset[str]


def _role(code: str, realm: Realm, text: Text, permissions: str) -> Role:
    return Role(code, text, realm, frozenset({OWN_ACCOUNT, *permissions.split()}))


_ENTERPRISE = (
    "enterprise.read product.read application.create application.submit application.read "
    "application.withdraw consent.read pull.read packet.read offer.read loan.read ledger.read "
    "audit.read notice.read"
)
_BANK = (
    "product.read application.read consent.read pull.read packet.read loan.read ledger.read "
    "notice.read notice.ack callback.read"
)
_GOV = "overview.read department.read product.read ledger.read duty.read"

# Wire format: append only. An agent without the right to authorise data holds no consent.grant.
ROLES: Mapping[str, Role] = {
    role.code: role
    for role in (
        _role(
            "ent_rep",
            Realm.ENTERPRISE,
            Text("法定代表人", "Legal representative"),
            f"{_ENTERPRISE} consent.grant consent.deny consent.pause consent.resume "
            "consent.revoke offer.accept offer.decline contract.sign mandate.grant mandate.revoke "
            "mandate.confirm quorum.raise quorum.lower notice.ack",
        ),
        _role("ent_agent", Realm.ENTERPRISE, Text("经办人", "Agent"), _ENTERPRISE),
        # What a mandate adds: each right that reaches further than filling in forms.
        _role(
            "ent_signatory",
            Realm.ENTERPRISE,
            Text("授权签署人", "Signatory"),
            f"{_ENTERPRISE} consent.grant consent.deny consent.pause consent.resume "
            "consent.revoke quorum.lower notice.ack",
        ),
        _role(
            "ent_signer",
            Realm.ENTERPRISE,
            Text("签约人", "Contract signer"),
            f"{_ENTERPRISE} offer.accept offer.decline contract.sign",
        ),
        _role(
            "bank_maker",
            Realm.BANK,
            Text("客户经理(经办)", "Loan officer (maker)"),
            f"{_BANK} application.recommend application.take consent.request pull.start "
            "copy.attest offer.make loan.report",
        ),
        _role(
            "bank_checker",
            Realm.BANK,
            Text("审批(复核)", "Approver (checker)"),
            f"{_BANK} copy.attest copy.hold application.check loan.check product.check audit.read",
        ),
        _role(
            "bank_product",
            Realm.BANK,
            Text("产品经理", "Product manager"),
            "product.read product.edit product.submit bank_key.propose ledger.read notice.read "
            "callback.read callback.propose api_client.read api_client.propose",
        ),
        _role(
            "centre_officer",
            Realm.GOV,
            Text("服务中心经办", "Centre officer"),
            f"{_GOV} enterprise.read enterprise.review product.review catalogue.stop "
            "bank.register bank_key.propose department_key.propose consent_order.read "
            "consent_order.propose callback.read callback.propose api_client.read "
            "api_client.propose key_statement.read",
        ),
        _role(
            "centre_checker",
            Realm.GOV,
            Text("服务中心复核", "Centre checker"),
            f"{_GOV} enterprise.read product.admit catalogue.resume bank.accredit bank_key.pin "
            "department_key.pin key_statement.read "
            "copy.reject packet.resolve evidence.retire consent_order.read consent_order.confirm "
            "callback.read callback.pin api_client.read api_client.admit",
        ),
        _role("gov_viewer", Realm.GOV, Text("监管查看", "Oversight viewer"), _GOV),
        _role("auditor", Realm.GOV, Text("审计", "Auditor"), f"{_GOV} enterprise.read audit.read"),
        _role(
            "operator",
            Realm.GOV,
            Text("平台运维", "Platform operator"),
            f"{_GOV} ops.read evidence.retire notice.resend callback.read api_client.read "
            "api_client.propose key_statement.read",
        ),
    )
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Everything ``roles`` may do together; an unknown role may nothing."""
    granted: frozenset[str] = frozenset()
    for code in roles:
        role = ROLES.get(code)
        if role is not None:
            granted |= role.permissions
    return granted
