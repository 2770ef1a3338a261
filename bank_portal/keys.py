"""The bank's own private keys where the portal may use them; nobody but the bank holds them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

ENC: Final = "enc"
ACK: Final = "ack"


class NoBankKeyError(InvalidStateError):
    """The portal holds no key of this bank: packets are fetched by the API and opened there."""

    code = "NoBankKey"
    text = Text(
        "本平台未配置贵行私钥,请通过接口领取数据包后在行内解密",
        "The portal holds no key of your bank: fetch packets by the API and open them yourself",
    )


def has_keys(uow: UnitOfWork) -> bool:
    """Whether the portal can open packets for the actor's bank."""
    folder = uow.settings.bank_keys_dir
    return folder is not None and (folder / f"{uow.actor.bank_id}.{ENC}.jwk.json").is_file()


def private_jwk(uow: UnitOfWork, use: str) -> Mapping[str, Any]:
    """The private key of the actor's bank for ``use``.

    Raises:
        NoBankKeyError: the portal holds none.
    """
    folder = uow.settings.bank_keys_dir
    if folder is None:
        raise NoBankKeyError(f"{use} of {uow.actor.bank_id}")
    try:
        text = (folder / f"{uow.actor.bank_id}.{use}.jwk.json").read_text(encoding="utf-8")
    except OSError as error:
        raise NoBankKeyError(f"{use} of {uow.actor.bank_id}") from error
    found: Mapping[str, Any] = json.loads(text)
    return found
