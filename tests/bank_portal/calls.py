"""What the tests of signed calls share."""

from typing import Final

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.bank_portal.builders import Banker
from yidaitong.banks.models import MessageNonce
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime

LIST: Final = "/api/bank/v1/applications?page=1"
PULLS: Final = "/api/bank/v1/pulls"


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.get_json()["code"])


def bearer(banker: Banker, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {banker.token}", **more}


def get(banker: Banker, headers: dict[str, str], path: str = LIST) -> TestResponse:
    return banker.client.get(path, headers=headers)


def nonces(rt: Runtime) -> int:
    with rt.transaction(SYSTEM) as uow:
        return uow.session.scalar(select(func.count()).select_from(MessageNonce)) or 0
