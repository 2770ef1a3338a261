"""People with accounts, and what they do to sign in."""

from yidaitong.accounts import login, registering, sessions
from yidaitong.accounts.commands import Credentials, NewAccount
from yidaitong.accounts.models import Account, OrgKind, SessionKind
from yidaitong.accounts.sessions import Opened, Opening
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.codes import id_check_sign
from yidaitong.kernel.uow import UnitOfWork

PASSWORD = "correct horse battery"
BANK = "bank-qilu"


def an_id_number(serial: int) -> str:
    first = f"37019919800101{serial:03d}"
    return first + id_check_sign(first)


def an_account(
    uow: UnitOfWork,
    name: str = "qilu.maker",
    *,
    roles: tuple[str, ...] = ("bank_maker",),
    org_id: str = BANK,
    serial: int = 1,
) -> Account:
    kind = OrgKind.BANK if org_id.startswith("bank-") else OrgKind.GOV
    return registering.create(
        uow.acting(SYSTEM),
        NewAccount(
            org_id=org_id,
            org_kind=kind,
            org_name="齐鲁银行",
            name="李晓燕",
            id_number=an_id_number(serial),
            login=name,
            password=PASSWORD,
            roles=roles,
        ),
    )


def try_to_sign_in(
    uow: UnitOfWork, name: str, password: str = PASSWORD, kind: SessionKind = SessionKind.COOKIE
) -> Opened:
    public = uow.acting(PUBLIC)
    challenge = login.begin(public, Credentials(login=name, password=password, address="192.0.2.1"))
    proven = login.compare(challenge, password, uow.settings.argon2_memory_kib)
    return login.finish(public, proven, Opening(kind))


def seen(uow: UnitOfWork, opened: Opened, kind: SessionKind = SessionKind.COOKIE) -> bool:
    """Whether the session's token still opens anything."""
    return sessions.visitor_of(uow.acting(SYSTEM), opened.token, kind) is not None
