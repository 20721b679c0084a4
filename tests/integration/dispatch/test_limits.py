"""Limits of the work that one e-referral makes for people, on a real database."""

from uuid import UUID

from messaging.replies.client import Reply
from tests.support.services.dispatch import Dispatch, Org, refusal

REFUSED = (409, "invalid_transition")
NO_ANSWER = {"outcome": "no_answer", "note": "Nobody there"}


async def calls_were_made(dispatch: Dispatch, org: Org, ereferral: str, numbers: range) -> None:
    """Calls that nobody answered, under these numbers."""
    await dispatch.execute(
        """
        INSERT INTO attempt (org_id, ereferral_id, number, channel, address, token, started_at,
            finished_at, outcome, code)
        SELECT $1, $2, number, 'phone', '+12025550111', gen_random_uuid(), now(), now(),
            'transient_failure', 'no_answer'
        FROM generate_series($3::integer, $4::integer) AS number
        """,
        org.id,
        UUID(ereferral),
        numbers.start,
        numbers.stop - 1,
    )
    await set_number(dispatch, org, ereferral, "attempts_made", numbers.stop - 1)


async def set_number(
    dispatch: Dispatch, org: Org, ereferral: str, column: str, number: int
) -> None:
    statement = f"UPDATE ereferral SET {column} = $3 WHERE org_id = $1 AND id = $2"
    await dispatch.execute(statement, org.id, UUID(ereferral), number)


async def test_after_two_hundred_calls_only_one_that_ends_them_is_taken(
    dispatch: Dispatch, org: Org
) -> None:
    """409 for one more that nobody answers, and for a retry; the one that reached them ends it."""
    ereferral = await org.awaiting_call()
    assert (await org.act("ereferral.complete_call", ereferral, **NO_ANSWER)).status == 200
    await calls_were_made(dispatch, org, ereferral, range(2, 200))
    assert (await org.act("ereferral.complete_call", ereferral, **NO_ANSWER)).status == 200
    before = await org.get(ereferral)
    assert len(before["attempts"]) == 200
    refused = await org.act("ereferral.complete_call", ereferral, **NO_ANSWER)
    assert refusal(refused) == REFUSED and refused.problem is not None
    assert refused.problem["detail"].startswith("This e-referral has 200 calls")
    assert refusal(await org.act("ereferral.retry", ereferral)) == REFUSED
    assert await org.get(ereferral) == before
    assert (await org.act("ereferral.complete_call", ereferral, outcome="reached")).status == 200
    shown = await org.get(ereferral)
    assert (shown["status"], len(shown["attempts"])) == ("delivered", 201)


async def test_the_call_that_is_open_is_not_one_too_many(dispatch: Dispatch, org: Org) -> None:
    """It was asked for before: as the 200th it is finished, and only then is there an end."""
    ereferral = await org.awaiting_call()
    await calls_were_made(dispatch, org, ereferral, range(2, 201))
    for outcome in ((200, None), REFUSED):
        answered = await org.act("ereferral.complete_call", ereferral, **NO_ANSWER)
        code = None if answered.problem is None else answered.problem["code"]
        assert (answered.status, code) == outcome


async def test_attempts_of_a_channel_that_is_off_do_not_end_retries(
    dispatch: Dispatch, org: Org
) -> None:
    """They are no calls: 9,999 of them are retried, 10,000 are not."""
    ereferral = await org.dispatch(dispatch.at_portal("off", 403, 403, 201))
    await org.until(ereferral, "failed")
    await set_number(dispatch, org, ereferral, "attempts_made", 9_999)
    assert (await org.act("ereferral.retry", ereferral)).status == 202
    await org.until(ereferral, "failed")
    assert refusal(await org.act("ereferral.retry", ereferral)) == REFUSED


async def test_after_a_hundred_responses_no_more_are_taken(dispatch: Dispatch, org: Org) -> None:
    """409, no event, and nothing changes; 404 still comes first. Other changes do not count."""
    ereferral = await org.dispatch(dispatch.at_portal("answers", 201))
    await org.until(ereferral, "delivered")
    await set_number(dispatch, org, ereferral, "version", 20_000)
    await set_number(dispatch, org, ereferral, "responses_taken", 99)

    async def respond(asking: Org) -> Reply:
        return await asking.ask(
            "ereferral.record_response", ereferral_uuid=ereferral, response="accepted", note="Again"
        )

    assert (await respond(org)).status == 200
    before, heard = await org.get(ereferral), len(await dispatch.heard.about(ereferral))
    assert refusal(await respond(org)) == REFUSED
    assert refusal(await respond(dispatch.org())) == (404, "ereferral_not_found")
    assert await org.get(ereferral) == before
    assert len(await dispatch.heard.about(ereferral)) == heard
