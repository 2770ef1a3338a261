"""Many stories at once against one platform, then everything verified, then one summary."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yidaitong.kernel.clock import business_date, wall
from yidaitong.sandbox import bankkeys
from yidaitong.sandbox.demo import BANKS
from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story import checking
from yidaitong.sandbox.story.bank import Lender, Packet
from yidaitong.sandbox.story.checking import Checker, Pinned
from yidaitong.sandbox.story.client import Party, StoryError, wait_for
from yidaitong.sandbox.story.enterprise import Borrower
from yidaitong.sandbox.story.plan import Story, stories
from yidaitong.sandbox.story.signing import Signer
from yidaitong.sandbox.story.summary import summarise
from yidaitong.sandbox.story.teller import Teller, Told

_THREADS: Final = 4
_SPARE: Final = 200  # Firms that an earlier run on the same home may have registered.
_NAMES: Final = {"bank-qilu": "qilu", "bank-quancheng": "quancheng"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How many stories, where the platform is, where the banks' keys are, where results go.

    ``leave_out`` names credit codes of firms that somebody else tells about.
    """

    enterprises: int
    base_url: str
    bank_keys: Path
    out: Path | None = None
    leave_out: frozenset[str] = frozenset()


def run(wanted: Wanted, tell: Callable[[int, int], None]) -> dict[str, Any]:
    """Run the stories; the summary says whether everything held (``ok``).

    ``tell`` hears how many are done of how many.

    Raises:
        StoryError: a step was refused or came too late.
    """
    public = Party(base_url=wanted.base_url)
    pinned = Pinned.fetch(public)
    keys = {bank_id: bankkeys.ensure(wanted.bank_keys, bank_id) for bank_id in BANKS}
    lenders = {
        bank_id: lender(
            wanted.base_url,
            Checker(bank_id=bank_id, keys=own, pinned=pinned),
            bankkeys.client_id(wanted.bank_keys, bank_id),
        )
        for bank_id, own in keys.items()
    }
    today = business_date(wall())
    teller = Teller(base_url=wanted.base_url, lenders=lenders, business_date=today.isoformat())
    planned = stories(today, wanted.enterprises + _SPARE)
    told = _tell_all(
        teller, (one for one in planned if one.firm.uscc not in wanted.leave_out), wanted, tell
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = wanted.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        size, holds = _audit(public, pinned, folder)
        found = summarise([one for _, one in told], _console(wanted.base_url))
        found |= {"ledger_size": size, "ledger_verified": holds}
        found["ok"] = bool(found["accounted"] and holds and found["packets_all_verified"])
        if wanted.out is not None:
            _write(wanted.out, pinned, lenders, told, found)
    return found


def lender(base_url: str, desk: Checker, client_id: str, origin: str | None = None) -> Lender:
    """A bank with its people signed in; ``origin`` is our public address where it is another."""
    signer = Signer(desk.keys.msg, origin or base_url)
    people = {}
    for role in ("maker", "checker"):
        people[role] = Party(base_url=base_url, password=PASSWORD, signer=signer)
        people[role].sign_in(f"{_NAMES[desk.bank_id]}.{role}")
    machine = Party(base_url=base_url, signer=signer, client_id=client_id)
    return Lender(**people, machine=machine, desk=desk)


def _tell_all(
    teller: Teller, planned: Iterator[Story], wanted: Wanted, tell: Callable[[int, int], None]
) -> list[tuple[Borrower, Told]]:
    told: list[tuple[Borrower, Told]] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        while len(told) < wanted.enterprises:
            batch = [one for _, one in zip(range(wanted.enterprises - len(told)), planned)]  # noqa: B905 - the plan has no end we know
            if not batch:
                raise StoryError("firms", "NOT_ENOUGH")
            for one in pool.map(teller.tell, batch):
                if one is not None:
                    told.append(one)
                    tell(len(told), wanted.enterprises)
    return told


def _audit(public: Party, pinned: Pinned, folder: Path) -> tuple[int, bool]:
    """Mirror the log once everything committed has its index, and verify the mirror."""

    def settled() -> bool | None:
        return True if public.get("/ready").get("backlog", 0) == 0 else None

    wait_for("log", settled)
    size = checking.mirror_log(public, folder / "log")
    return size, checking.log_holds(folder / "log", pinned.vkey)


def _console(base_url: str) -> Mapping[str, Any]:
    viewer = Party(base_url=base_url, password=PASSWORD)
    viewer.sign_in("gov.viewer")
    found = viewer.get("/api/gov/v1/metrics")
    return {one["id"]: one["value"] for one in found["metrics"]}


def _write(
    out: Path,
    pinned: Pinned,
    lenders: Mapping[str, Lender],
    told: list[tuple[Borrower, Told]],
    summary: Mapping[str, Any],
) -> None:
    """What a person needs to check the run again with the two commands."""
    borrower, first = told[0]
    packets: list[Packet] = [packet for _, one in told for packet in one.packets]
    (out / "packets").mkdir(exist_ok=True)
    for packet in packets:
        (out / "packets" / f"{packet.id}.jwe").write_text(packet.text, encoding="ascii")
    (out / "packet.jwe").write_text(packets[0].text, encoding="ascii")
    desk = lenders[packets[0].bank_id].desk
    checking.write_json(out / "bank-private.jwk.json", desk.private_jwk())
    (out / "platform-jwks.json").write_text(pinned.jwks, encoding="utf-8")
    (out / "ledger.vkey").write_text(f"{pinned.vkey}\n", encoding="utf-8")
    checking.write_json(out / "receipt.json", borrower.receipt(first.chain_ids[0]))
    checking.write_json(out / "summary.json", summary)
