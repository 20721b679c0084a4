"""The desk while a service or the broker is away: it says so, and keeps what was typed."""

from typing import Any
from unittest.mock import patch

import pytest

from messaging.replies.standing_client import NoReply, NothingTaken
from tests.support.services.desk import Shown
from tests.support.services.desk_practice import Practice

TYPED = "Patient moved away"


def kept(shown: Shown) -> dict[str, str]:
    """What the page's form for the cancellation says."""
    return dict(shown.form("referral.cancel").said)


@pytest.mark.parametrize("stays_away", [False, True], ids=["back at once", "still away"])
@pytest.mark.parametrize(
    ("lost", "status"), [(NothingTaken(), 503), (NoReply(), 504)], ids=["broker", "service"]
)
async def test_what_was_typed_is_sent_again_with_the_forms_own_key(
    practice: Practice, lost: Exception, status: int, stays_away: bool
) -> None:
    """It may have been done: pressed again, it is done once. So it is where the page itself can be
    shown, and where nothing can."""
    referral = await practice.org.referral()
    visitor = await practice.visitor()
    form = (await visitor.open(f"/referrals/{referral['id']}")).form("referral.cancel")
    client = practice.edge.edge.client
    ask, lose = client.ask, [True]

    async def away(*arguments: Any, **named: Any) -> Any:
        if lose or stays_away:
            lose.clear()
            raise lost
        return await ask(*arguments, **named)

    with patch.object(client, "ask", away):
        shown = await visitor.press(form, reason=TYPED)
    assert shown.status == status
    again = kept(shown)
    assert (again["reason"], again["_key"]) == (TYPED, form.value("_key"))
    assert TYPED in shown.html
    done = [await visitor.press(shown.form("referral.cancel")) for _ in range(2)]
    assert [page.status for page in done] == [200, 200]
    data = (await practice.org.ask("referral.get", referral_uuid=referral["id"])).data
    assert (data["status"], data["cancel_reason"]) == ("revoked", TYPED)
    assert [entry["event"] for entry in data["timeline"]].count("referral.cancelled") == 1


async def test_a_page_that_cannot_be_shown_says_why(practice: Practice) -> None:
    """With the way back, and no word of ours about messages."""
    visitor = await practice.visitor()

    async def away(*_: Any, **__: Any) -> Any:
        raise NothingTaken

    with patch.object(practice.edge.edge.client, "ask", away):
        shown = await visitor.open("/referrals")
    assert shown.status == 503
    assert "Not done: the service is away" in shown.text
    assert f"/desk/{practice.org.id}" in shown.links
