"""The enterprise's part: register, apply, authorize, accept."""

from dataclasses import dataclass
from typing import Any

from yidaitong.sandbox.data.firms import Firm
from yidaitong.sandbox.story.client import Party, StoryError, wait_for

API = "/api/enterprise/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """One signed authorization: its consent, and how many resources it covers."""

    chain_id: str
    resources: int


@dataclass(slots=True, kw_only=True)
class Borrower:
    """One firm at the platform; its representative acts.

    ``enterprise_id`` is known to whoever registered it.
    """

    party: Party
    firm: Firm
    enterprise_id: str = ""

    def register(self) -> bool:
        """Register with code, registry and representative; False if it was registered before."""
        firm, party = self.firm, self.party
        try:
            made = party.post(f"{API}/registrations", {"uscc": firm.uscc, "name": firm.name})
        except StoryError as error:
            if error.code != "AlreadyRegistered":
                raise
            party.sign_in(firm.rep.mobile)
            return False
        path = f"{API}/registrations/{made['registration_id']}"
        code = {"resume_code": made["resume_code"]}
        if made["state"] == "CODE_OK":
            party.post(f"{path}/registry-match", code)
        rep = {"name": firm.rep.name, "id_number": firm.rep.id_no, "mobile": firm.rep.mobile}
        party.post(f"{path}/representative", code | rep)
        party.post(f"{path}/account", code | {"password": party.password})
        party.sign_in(firm.rep.mobile)
        self.enterprise_id = made["registration_id"]
        return True

    def apply(self, product_id: str, amount: str, term_months: int) -> dict[str, Any]:
        """Ask for a loan; the answer names what must be authorized."""
        body = {
            "product_id": product_id,
            "amount": amount,
            "term_months": term_months,
            "language": "zh-CN",
        }
        made: dict[str, Any] = self.party.post(f"{API}/applications", body)
        return made

    def authorize(self, ask: dict[str, Any]) -> Agreed:
        """Sign one request after reading it."""
        shown = self.party.get(f"{API}/asks/{ask['request_id']}")
        if shown["digest"] != ask["digest"]:
            raise StoryError("authorize", "DIGEST")
        token = self.party.step_up(ask["digest"])
        signed = self.party.post(
            f"{API}/asks/{ask['request_id']}/signature",
            {"digest": ask["digest"]},
            {"Step-Up-Token": token},
        )
        return Agreed(chain_id=signed["chain_id"], resources=len(shown["body"]["datasets"]))

    def refuse(self, ask: dict[str, Any]) -> None:
        """Refuse one request."""
        self.party.post(f"{API}/asks/{ask['request_id']}/denial", {})

    def submit(self, application_id: str) -> None:
        """Hand the application in."""
        self.party.post(f"{API}/applications/{application_id}/submission", {})

    def application(self, application_id: str) -> dict[str, Any]:
        """The application as its enterprise sees it."""
        found: dict[str, Any] = self.party.get(f"{API}/applications/{application_id}")
        return found

    def receipt(self, chain_id: str) -> dict[str, Any]:
        """The receipt of a grant, once it carries its proof."""

        def proved() -> dict[str, Any] | None:
            found: dict[str, Any] = self.party.get(f"{API}/consents/{chain_id}/receipts/GRANT")
            return found if found.get("proof") else None

        return wait_for(f"receipt of {chain_id}", proved)

    def accept(self, application_id: str) -> None:
        """Wait for the offer and accept it."""

        def offer() -> dict[str, Any] | None:
            found: dict[str, Any] | None = self.application(application_id).get("offer")
            return found

        made = wait_for("offer", offer)
        token = self.party.step_up(made["digest"])
        self.party.post(
            f"{API}/offers/{made['offer_id']}/acceptance",
            {"digest": made["digest"]},
            {"Step-Up-Token": token},
        )
