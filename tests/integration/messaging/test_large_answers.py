"""An answer that the broker would not take: its channel would go, with others' replies."""

import asyncio

import pytest

from messaging.decision import query as queries
from messaging.decision.query import MAX_REPLY_BYTES
from tests.support.services.referrals import Org

NOTES = "\N{FACE WITH TEARS OF JOY}" * 10_000


def test_the_limit_is_the_brokers_own() -> None:
    """By default since RabbitMQ 4.0."""
    assert MAX_REPLY_BYTES == 16_777_216


async def test_an_answer_that_is_too_large_is_refused_and_others_are_answered(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list says what to do; what has no pages says why."""
    monkeypatch.setattr(queries, "MAX_REPLY_BYTES", 100_000)
    patient = await org.patient()
    made = [
        await org.ask("referral_partner.create", first_name="A", last_name="B", notes=NOTES)
        for _ in range(3)
    ]
    assert [answer.status for answer in made] == [201, 201, 201]
    small = [org.ask("patient.get", patient_uuid=patient["id"]) for _ in range(10)]
    large = [org.ask("referral_partner.list", page_size=3) for _ in range(3)]
    answers = await asyncio.gather(*small, *large)
    assert [answer.status for answer in answers[:10]] == [200] * 10
    for answer in answers[10:]:
        assert answer.status == 422 and answer.problem is not None
        assert answer.problem["code"] == "validation_error"
        [error] = answer.problem["errors"]
        assert (error["loc"], error["type"]) == (["page_size"], "answer_too_large")
        assert "ask for fewer a page" in error["msg"]
    fewer = await org.ask("referral_partner.list", page_size=2)
    assert fewer.status == 200 and len(fewer.data["items"]) == 2
    monkeypatch.setattr(queries, "MAX_REPLY_BYTES", 1_000)
    one = await org.ask("referral_partner.get", referral_partner_uuid=made[0].data["id"])
    assert one.problem is not None
    assert [error["loc"] for error in one.problem["errors"]] == [[]]
