"""The fake's levers: what a test of a program brings about with it."""

from uuid import uuid4

import pytest

from client import Conflict, NotTaken
from client.testing import FakeServices, UnknownToTheFake
from contracts.letter import ComposedLetter
from contracts.problems import ProblemCode
from contracts.referral import PREVIEW_REFERRAL, ReferralPreview
from contracts.referral_partner import LIST_REFERRAL_PARTNERS, ReferralPartnerList

PREVIEW = ReferralPreview(org_id="demo", referral_uuid=uuid4())
LIST = ReferralPartnerList(org_id="demo")


async def test_what_it_does_not_know_says_so_until_it_has_an_answer() -> None:
    """Rather than a made-up reply."""
    services = FakeServices()
    with pytest.raises(UnknownToTheFake, match=r"no answer to referral\.preview"):
        await services.client().call(PREVIEW_REFERRAL, PREVIEW)
    letter = ComposedLetter(reference="0123-4567-89AB", pdf="JVBERi0=")
    services.answer(PREVIEW_REFERRAL, letter)
    assert await services.client().call(PREVIEW_REFERRAL, PREVIEW) == letter


async def test_a_refusal_is_told_once() -> None:
    """Then it is as before; each request is in `asked`."""
    services = FakeServices()
    services.refuse(LIST_REFERRAL_PARTNERS, ProblemCode.INVALID_TRANSITION)
    with pytest.raises(Conflict):
        await services.client().call(LIST_REFERRAL_PARTNERS, LIST)
    await services.client().call(LIST_REFERRAL_PARTNERS, LIST)
    assert services.asked == [("referral_partner.list", {"org_id": "demo"})] * 2


async def test_nothing_gets_through_while_it_is_away() -> None:
    """As when the broker is down."""
    services = FakeServices()
    services.away = True
    with pytest.raises(NotTaken, match="no broker"):
        await services.client(deadline_seconds=0.2).call(LIST_REFERRAL_PARTNERS, LIST)
    assert services.asked == []
