"""The order of the checks on a running service: the first failure wins."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals

UNKNOWN = "0192d4e0-7b1a-7c3d-8e4f-123456789abc"


async def test_everything_wrong_at_once_is_repaired_one_check_at_a_time(
    org: Org, referrals: Referrals
) -> None:
    """Form, operation, repeat, fields, row, version, merged state; then success."""
    partner = await org.partner()
    used = uuid4()
    assert (await org.ask("practice.put", message_id=used, name="P", observed_at="x")).status == 422

    operation = "referral_partner.melt"
    fields: dict[str, Any] = {
        "org_id": "not an org",
        "referral_partner_uuid": UNKNOWN,
        "base_version": 7,
        "npi": "123",
        "last_name": None,
    }
    message_id = used

    async def answer() -> tuple[int, str]:
        answered = await referrals.client.call(
            "referrals.commands", operation, fields, message_id=message_id
        )
        return answered.status, answered.problem["code"] if answered.problem else "success"

    assert await answer() == (400, "malformed_message")
    fields["org_id"] = org.id
    assert await answer() == (400, "unknown_operation")
    operation = "referral_partner.update"
    assert await answer() == (409, "message_id_reused")
    message_id = uuid4()
    assert await answer() == (422, "validation_error")
    fields["npi"] = "1234567893"
    message_id = uuid4()
    assert await answer() == (404, "referral_partner_not_found")
    fields["referral_partner_uuid"] = partner["id"]
    message_id = uuid4()
    assert await answer() == (409, "version_conflict")
    fields["base_version"] = 1
    message_id = uuid4()
    assert await answer() == (422, "validation_error")
    fields["last_name"] = "Archer"
    message_id = uuid4()
    assert await answer() == (200, "success")


async def test_a_query_is_checked_in_the_same_order(org: Org, referrals: Referrals) -> None:
    """Form, operation, fields, row."""

    async def answer(operation: str, fields: dict[str, Any]) -> str:
        answered = await referrals.client.call("referrals.queries", operation, fields)
        assert answered.problem is not None
        code: str = answered.problem["code"]
        return code

    assert await answer("patient.melt", {"patient_uuid": "1"}) == "malformed_message"
    fields = {"org_id": org.id, "patient_uuid": "1", "x": 1}
    assert await answer("patient.melt", fields) == "unknown_operation"
    assert await answer("patient.put", fields) == "unknown_operation"
    assert await answer("patient.get", fields) == "validation_error"
    assert await answer("patient.get", {"org_id": org.id, "patient_uuid": UNKNOWN}) == (
        "patient_not_found"
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "JSON"),
        (b'{"org_id":"o","x":NaN}', "JSON"),
        (b'{"org_id":"o","x":' + b"[" * 32 + b"]" * 32 + b"}", "32"),
        (b'{"org_id":"o","x":"' + b"x" * 1_048_576 + b'"}', "1 MiB"),
        (b'{"org_id":"o,b"}', "org_id"),
        (b"\xef\xbb\xbf{}", "org_id"),
        (b"", "JSON"),
    ],
)
async def test_a_malformed_body_is_refused_with_what_is_wrong(
    referrals: Referrals, body: bytes, detail: str
) -> None:
    """As command and as query; the rest of the queue goes on."""
    for exchange, operation in (
        ("referrals.commands", "patient.put"),
        ("referrals.queries", "patient.get"),
    ):
        answered = await referrals.client.call(exchange, operation, body)
        assert detail in problem(answered, 400, "malformed_message")["detail"]


async def test_a_lone_surrogate_anywhere_is_refused_and_nothing_falls_over(
    org: Org, referrals: Referrals
) -> None:
    """In a text, in an id, in an enumeration, in the name of a field, in a query."""
    surrogate = "\\ud800"
    for fields in (
        f'"first_name":"{surrogate}"',
        f'"id":"{surrogate}"',
        f'"contact_type":"{surrogate}"',
        f'"{surrogate}":1',
        f'"ereferral_endpoint":"https://{surrogate}"',
        f'"notes":{{"{surrogate}":1}}',
    ):
        body = f'{{"org_id":"{org.id}",{fields}}}'
        answered = await referrals.client.call(
            "referrals.commands", "referral_partner.create", body.encode()
        )
        problem(answered, 422, "validation_error")
    body = f'{{"org_id":"{org.id}","search":"{surrogate}"}}'
    answered = await referrals.client.call(
        "referrals.queries", "referral_partner.list", body.encode()
    )
    problem(answered, 422, "validation_error")
