"""With every check of the org taken out of dispatch's code, the database still keeps orgs apart."""

from uuid import uuid4

from services.ereferral_dispatch.home import HOME
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


def everything(partner: str, ereferral: str) -> Attacks:
    """Every operation that names what another has made, and the list."""
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
        "ereferral.cancel": {**named, "reason": "Mine"},
    }


async def test_the_database_still_hides_and_refuses(dispatch: Dispatch) -> None:
    """What another org has made is answered like what nobody has, and not a row of it changes."""
    theirs, partner, ereferral = await waiting_for_a_call(dispatch)
    before = await rows_of(dispatch.database, HOME, theirs)
    with org_blind(dispatch.service) as blinding:
        reached = await attempt(dispatch.client, new_org_id(), everything(partner, ereferral))
        missed = await attempt(
            dispatch.client, new_org_id(), everything(str(uuid4()), str(uuid4()))
        )
    assert reached == missed
    assert blinding.comparisons > 2 * len(reached)
    assert unreached(reached, missed) == reached.keys()
    assert {name for name, (status, _, _) in reached.items() if status < 300} == {
        *("ereferral.list", "ereferral.cancel")
    }
    assert await rows_of(dispatch.database, HOME, theirs) == before


async def test_without_the_database_nothing_would(dispatch: Dispatch) -> None:
    """The checks are really out: with row-level security off as well, everything is reached."""
    _, partner, ereferral = await waiting_for_a_call(dispatch)
    attacks = {
        name: fields
        for name, fields in everything(partner, ereferral).items()
        if name not in SAME_FOR_ALL
    }
    nobodys = everything(str(uuid4()), str(uuid4()))
    async with without_row_level_security(dispatch.database, HOME):
        with org_blind(dispatch.service):
            missed = await attempt(dispatch.client, new_org_id(), nobodys)
            reached = await attempt(dispatch.client, new_org_id(), attacks)
    assert unreached(reached, missed) == set()
