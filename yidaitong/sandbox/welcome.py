"""A firm for visitors of the demo: registered over HTTP, with its representative and an agent."""

from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from yidaitong.accounts.roles import ROLES
from yidaitong.authorizations.invitations import Invite, digest_of
from yidaitong.enterprises.mandate_lifecycle import MandateRight
from yidaitong.kernel.clock import SHANGHAI, business_date, wall
from yidaitong.sandbox.data.candidates import candidates
from yidaitong.sandbox.data.profile import Person, make_person
from yidaitong.sandbox.demo import Login
from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story.client import Party
from yidaitong.sandbox.story.enterprise import API, Borrower

_SEED: Final = "welcome"
# Behind the designed firms, which other stories tell about.
_PLACE: Final = 6
_MANDATE: Final = timedelta(days=180)
_RIGHTS: Final = frozenset({MandateRight.FILL, MandateRight.VIEW_PACKET})


def open_firm(base_url: str) -> list[Login]:
    """Register the firm where it is not yet, and say how its people sign in. Safe to repeat.

    Raises:
        StoryError: the platform refused a step.
    """
    firm = candidates(_PLACE + 1, business_date(wall()), _SEED)[_PLACE]
    borrower = Borrower(party=Party(base_url=base_url, password=PASSWORD), firm=firm)
    agent = make_person("秦雪梅", date(1986, 5, 4), 7)
    if borrower.register():
        _let_act(borrower, agent)
    logins = [_login("ent_rep", firm.name, firm.rep)]
    if borrower.party.get(f"{API}/mandates")["mandates"]:
        logins.append(_login("ent_agent", firm.name, agent))
    return logins


def _let_act(borrower: Borrower, agent: Person) -> None:
    last = business_date(wall()) + _MANDATE
    ends_at = datetime.combine(last, time(23, 59, 59), SHANGHAI)
    terms = Invite(name=agent.name, rights=_RIGHTS, ends_at=ends_at)
    digest = digest_of(UUID(borrower.enterprise_id), terms)
    body = {
        "name": agent.name,
        "rights": sorted(_RIGHTS),
        "ends_on": last.isoformat(),
        "digest": digest,
    }
    token = borrower.party.step_up(digest)
    invited = borrower.party.post(f"{API}/mandate-invitations", body, {"Step-Up-Token": token})
    Party(base_url=borrower.party.base_url).post(
        f"{API}/invitations/acceptance",
        {
            "code": invited["code"],
            "name": agent.name,
            "id_number": agent.id_no,
            "mobile": agent.mobile,
            "password": PASSWORD,
        },
    )


def _login(role: str, organisation: str, person: Person) -> Login:
    return Login(
        role=ROLES[role].text, organisation=organisation, login=person.mobile, password=PASSWORD
    )
