"""With every check of the org taken out of dispatch's code, the database still keeps orgs apart."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from services.ereferral_dispatch.home import HOME
from tests.integration.dispatch.answering import LINKS
from tests.support.services.dispatch import Dispatch, new_partner
from tests.support.services.org_blind import (
    SAME_FOR_ALL,
    Attacks,
    attempt,
    org_blind,
    rows_of,
    unreached,
    without_row_level_security,
)
from tests.support.services.referrals import new_org_id


@dataclass(frozen=True)
class Link:
    """What opens an answer link."""

    token: str
    code: str


NO_LINK = Link("0" * 20, "000000")


def link_of(org_id: str, ereferral: str) -> Link:
    """The link that the e-referral has."""
    letter = LINKS.derive(org_id, UUID(ereferral), 1).letter
    return Link(letter.url.rpartition("/")[2], letter.code)


async def waiting_for_a_call(dispatch: Dispatch) -> tuple[str, str, str]:
    """The ids of an org, of a partner and of an e-referral whose partner is to be called.

    The channel is held as well.
    """
    org = dispatch.org()
    partner = new_partner(phone="+12025550111", preferred_contact_method="phone")
    ereferral = await org.dispatch(partner)
    await org.until(ereferral, "awaiting_call")
    await dispatch.heard.everything()
    held = "UPDATE lane SET held_at = now(), probe_at = now() + interval '1 day' WHERE org_id = $1"
    await dispatch.execute(held, org.id)
    return org.id, str(partner["id"]), ereferral


def everything(partner: str, ereferral: str, link: Link = NO_LINK) -> Attacks:
    """Every operation that names what another has made, and the lists."""
    named = {"ereferral_uuid": ereferral}
    current = {**named, "base_version": 2}
    return {
        "ereferral.get": named,
        "ereferral.letter": named,
        "ereferral.list": {},
        "ereferral.resolve": {**current, "outcome": "delivered"},
        "ereferral.record_response": {**named, "response": "accepted"},
        "ereferral.complete_call": {**current, "outcome": "reached"},
        "ereferral.retry": current,
        "partner_channel.release": {"referral_partner_uuid": partner, "channel": "phone"},
        "ereferral.request_information": {**named, "note": "Mine"},
        "ereferral.provide_information": {**named, "note": "Mine"},
        "ereferral.reopen": named,
        "answer_link.list": {},
        "answer_link.open": {"answer_link": link.token},
        "answer_link.verify": {"answer_link": link.token, "code": link.code},
        "answer_link.renew": named,
        "ereferral.cancel": {**named, "reason": "Mine"},
    }


async def test_the_database_still_hides_and_refuses(dispatch: Dispatch) -> None:
    """What another org has made is answered like what nobody has, and not a row of it changes."""
    theirs, partner, ereferral = await waiting_for_a_call(dispatch)
    before = await rows_of(dispatch.database, HOME, theirs)
    with org_blind(dispatch.service) as blinding:
        link = link_of(theirs, ereferral)
        reached = await attempt(dispatch.client, new_org_id(), everything(partner, ereferral, link))
        missed = await attempt(
            dispatch.client, new_org_id(), everything(str(uuid4()), str(uuid4()))
        )
    assert reached == missed
    assert blinding.comparisons > 2 * len(reached)
    assert unreached(reached, missed) == reached.keys()
    assert {name for name, (status, _, _) in reached.items() if status < 300} == {
        *("ereferral.list", "answer_link.list", "ereferral.cancel")
    }
    assert await rows_of(dispatch.database, HOME, theirs) == before


async def test_without_the_database_nothing_would(dispatch: Dispatch) -> None:
    """The checks are really out: with row-level security off as well, everything is reached."""
    theirs, partner, ereferral = await waiting_for_a_call(dispatch)
    attacks = {
        name: fields
        for name, fields in everything(partner, ereferral, link_of(theirs, ereferral)).items()
        if name not in SAME_FOR_ALL
    }
    nobodys = everything(str(uuid4()), str(uuid4()))
    async with without_row_level_security(dispatch.database, HOME):
        with org_blind(dispatch.service):
            missed = await attempt(dispatch.client, new_org_id(), nobodys)
            reached = await attempt(dispatch.client, new_org_id(), attacks)
    assert unreached(reached, missed) == set()
