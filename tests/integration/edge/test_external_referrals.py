"""Referrals from outside as web forms and other applications send them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
import pytest_asyncio
from altcha import Payload, create_challenge, solve_challenge

from services.edge.http import answering
from services.edge.tokens.token import TokenKind
from tests.support.samples.external_referrals import FULLER, LEAST
from tests.support.services.both import Both
from tests.support.services.edge import Answered, Caller, RunningEdge, running_edge

FORM = "application/x-www-form-urlencoded"
ALICE = {"first_name": "Alice", "surname": "Smith", "org_type_id": "1"}
KEY = "a key of one hundred and twenty-eight bits"


@pytest_asyncio.fixture(scope="module")
async def edge(
    both: Both, rabbitmq_vhost: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningEdge]:
    """A replica that no address asks too often: all of these tests are one."""
    folder: Path = tmp_path_factory.mktemp("edge")
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(answering, "ADDRESS_SUBMISSIONS_PER_MINUTE", 10_000)
            running = await stack.enter_async_context(running_edge(rabbitmq_vhost, folder))
        yield running


@dataclass(frozen=True)
class Outside:
    """A form outside, and the staff of the org that it is for."""

    caller: Caller
    staff: Caller

    async def send(self, body: str | bytes, content_type: str = FORM, **headers: str) -> Answered:
        """What a form sends."""
        said = {"Authorization": f"Bearer {self.caller.token}", "Content-Type": content_type}
        async with self.caller.session.put(
            f"{self.caller.url}/v2/external_referral",
            headers={**said, **headers},
            data=body.encode() if isinstance(body, str) else body,
        ) as answer:
            answered = await answer.read()
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Answered(answer.status, found, answered)

    async def staged(self) -> list[dict[str, Any]]:
        """All rows of the org, as staff sees them."""
        listed = await self.staff.ask("GET", "/intake")
        rows = [await self.staff.ask("GET", f"/intake/{row['id']}") for row in listed.data["items"]]
        return [row.data for row in rows]


def outside(edge: RunningEdge) -> Outside:
    """A form of a new org."""
    staff = edge.caller()
    return Outside(edge.caller(staff.org_id, kind=TokenKind.SUBMIT), staff)


@pytest.fixture
def form(edge: RunningEdge) -> Outside:
    """A form of an org of this test's own."""
    return outside(edge)


async def test_the_least_example_of_the_manual_is_taken_as_it_stands(form: Outside) -> None:
    """With the content type of a form, and a comma after the last member."""
    answered = await form.send(LEAST)
    assert answered.status == 202
    assert answered.data.keys() == {"group_uuid", "intake_uuids"}
    (row,) = await form.staged()
    assert [row["id"]] == answered.data["intake_uuids"]
    said = {"first_name": "Alice", "surname": "Smith", "org_type_id": "1"}
    assert said.items() <= row.items()
    assert (row["extra"], row["suspected_spam"], row["status"]) == ({}, False, "received")


async def test_the_fuller_example_of_the_manual_is_one_group_of_three(form: Outside) -> None:
    """In its order, with whatever else it gives."""
    answered = await form.send(FULLER)
    assert answered.status == 202
    rows = {row["id"]: row for row in await form.staged()}
    in_order = [rows[uuid] for uuid in answered.data["intake_uuids"]]
    assert [row["first_name"] for row in in_order] == ["Alice", "Beatrice", "Carl"]
    assert {row["group_uuid"] for row in in_order} == {answered.data["group_uuid"]}
    assert [row["referral_role"] for row in in_order] == ["1", "2", "2"]
    first = in_order[0]
    extra = {"ethnicity": "35", "address1": "10 High Street", "postcode": "HR9 7US"}
    assert (first["extra"], first["project"]) == (extra, "7")
    assert first["description"] == "Wants help with getting her children to socialise more"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps([ALICE]), "application/json"),
        (json.dumps(ALICE), "text/plain"),
        (quote_plus(LEAST), FORM),
        (f"{quote_plus(LEAST)}=", FORM),
        (urlencode({"data": LEAST}), FORM),
        (urlencode({f"0[{name}]": value for name, value in ALICE.items()}), FORM),
        (urlencode({f"[0][{name}]": value for name, value in ALICE.items()}), FORM),
        ("&".join(f"[0][{name}]={value}" for name, value in ALICE.items()), FORM),
        (urlencode({f"x[0][{name}]": value for name, value in ALICE.items()}), FORM),
        (urlencode(ALICE), FORM),
        (urlencode({**ALICE, "website": ""}), FORM),
    ],
)
async def test_a_row_may_come_in_each_form(form: Outside, body: str, content_type: str) -> None:
    """JSON whatever its type; JSON as a field's name or value; keys with brackets; plain keys."""
    answered = await form.send(body, content_type)
    assert answered.status == 202, answered
    (row,) = await form.staged()
    assert ALICE.items() <= row.items()
    assert row["extra"] == {}


async def test_forms_that_are_mixed_are_refused(form: Outside) -> None:
    """400: nobody knows which rows were meant."""
    plain, bracketed = urlencode(ALICE), urlencode({"0[surname]": "Smith"})
    for body in (
        f"{plain}&{bracketed}",
        f"{bracketed}&{urlencode({'x[1][surname]': 'Smith'})}",
        f"{plain}&{urlencode({'data': LEAST})}",
        f"{bracketed}&{urlencode({LEAST: ''})}",
    ):
        assert (await form.send(body)).refusal == (400, "malformed_request", [["body"]]), body
    assert await form.staged() == []


async def test_what_is_no_form_is_refused(form: Outside) -> None:
    """400 for what cannot be read, 415 for another type, 413 beyond 64 KiB."""
    for body in (b"[{]", b"first_name=%E9", b"first_name=%zz", b"\xff", b"", b'[{"a": 1},,]'):
        assert (await form.send(body)).refusal == (400, "malformed_request", [["body"]]), body
    other = await form.send(b"--x", "multipart/form-data; boundary=x")
    assert other.refusal == (415, "unsupported_media_type", [["header", "Content-Type"]])
    filler = urlencode({**ALICE, "description": ""})
    whole = filler + "+" * (64 * 1024 - len(filler))
    assert (await form.send(whole)).status == 202
    assert (await form.send(whole + "+")).refusal == (413, "content_too_large", [["body"]])


async def test_a_source_without_a_role_stages_nothing(form: Outside) -> None:
    """422, about the row: not even the rows that are right."""
    rows = [ALICE, {**ALICE, "source": "1"}]
    refused = await form.send(json.dumps(rows))
    assert refused.refusal == (422, "validation_error", [["body", 1, "referral_role"]])
    assert await form.staged() == []


async def test_equal_bytes_are_one_submission(form: Outside, edge: RunningEdge) -> None:
    """Without a key: answered with the same group. Of another client, or with a byte more, it is
    another."""
    first, second = await form.send(LEAST), await form.send(LEAST)
    assert (first.status, first.body) == (second.status, second.body)
    assert len(await form.staged()) == 1
    assert first.headers["handoff-message-id"] != second.headers["handoff-message-id"]
    other = Outside(edge.caller(form.staff.org_id, kind=TokenKind.SUBMIT), form.staff)
    assert (await other.send(LEAST)).data != first.data
    assert (await form.send(LEAST + "\n")).data != first.data
    assert len(await form.staged()) == 3


async def test_what_was_rejected_whole_may_be_sent_again(form: Outside) -> None:
    """It then says which group it may repeat."""
    first = (await form.send(LEAST)).data
    path = f"/intake/{first['intake_uuids'][0]}/reject"
    rejected = await form.staff.ask("POST", path, {"base_version": 1, "reason": "other"})
    assert rejected.status == 200, rejected
    second = (await form.send(LEAST)).data
    assert second["group_uuid"] != first["group_uuid"]
    (again,) = [row for row in await form.staged() if row["status"] == "received"]
    assert again["possible_repeat_of"] == first["group_uuid"]


async def test_a_key_of_the_senders_own_says_what_is_one(form: Outside) -> None:
    """Equal bytes under two keys are two; under one key, one; another body under it, refused."""
    one, other = {"Idempotency-Key": '"one"'}, {"Idempotency-Key": '"other"'}
    first = await form.send(LEAST, **one)
    assert (await form.send(LEAST, **one)).body == first.body
    assert (await form.send(LEAST, **other)).data["group_uuid"] != first.data["group_uuid"]
    refused = await form.send(FULLER, **one)
    assert refused.refusal == (422, "message_id_reused", [["header", "Idempotency-Key"]])
    assert len(await form.staged()) == 2


async def test_the_key_that_was_made_asks_the_same_again(form: Outside) -> None:
    """It is in the answer, and with it the message is the same one."""
    first = await form.send(LEAST)
    key = {"Idempotency-Key": first.headers["idempotency-key"]}
    second = await form.send(LEAST, **key)
    assert (second.status, second.body) == (202, first.body)
    assert second.headers["handoff-message-id"] == first.headers["handoff-message-id"]
    assert (await form.send(FULLER, **key)).status == 422
    assert len(await form.staged()) == 1


async def test_its_token_can_do_nothing_else(form: Outside, edge: RunningEdge) -> None:
    """403 for every other route; and no other token, nor one of several orgs, submits."""
    for method, path in (
        ("GET", "/intake"),
        ("GET", "/contacts/x/referrals"),
        ("POST", "/referrals"),
    ):
        assert (await form.caller.ask(method, path)).status == 403
    for changed in ({}, {"kind": TokenKind.SUBMIT, "orgs": ["*"]}):
        other = Outside(edge.caller(form.staff.org_id, **changed), form.staff)
        refused = await other.send(LEAST)
        assert refused.refusal == (403, "forbidden", [["header", "Authorization"]])
    assert await form.staged() == []


@pytest.mark.parametrize(
    "body",
    [
        urlencode({**ALICE, "website": "http://spam.example"}),
        f"{urlencode({f'0[{name}]': value for name, value in ALICE.items()})}&website=x",
        json.dumps([{**ALICE, "website": "x"}]),
    ],
)
async def test_a_filled_honeypot_is_staged_as_suspect(form: Outside, body: str) -> None:
    """202, as to everybody; the row is there, and says what was filled in."""
    assert (await form.send(body)).status == 202
    (row,) = await form.staged()
    assert row["suspected_spam"] is True
    assert row["extra"]["website"] in ("x", "http://spam.example")


async def test_beyond_its_rate_a_form_waits(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """20 a minute for a token, 5 a minute for an address; the staff is unharmed."""
    async with running_edge(rabbitmq_vhost, tmp_path, trusted_proxies="127.0.0.0/8") as edge:
        form = outside(edge)

        async def send(address: str) -> Answered:
            return await form.send(LEAST, **{"X-Forwarded-For": address})

        statuses = [(await send("192.0.2.1")).status for _ in range(6)]
        assert statuses == [202] * 5 + [429]
        more = [(await send(f"192.0.2.{2 + place // 5}")).status for place in range(14)]
        assert more == [202] * 14
        refused = await send("192.0.2.9")
        assert refused.refusal == (429, "too_many_requests", [["header", "Authorization"]])
        assert 1 <= int(refused.headers["retry-after"]) <= 3
        assert (await form.staff.ask("GET", "/intake")).status == 200
        assert (await Outside(outside(edge).caller, form.staff).send(LEAST)).status == 202


def proof(key: str = KEY, *, seconds: int | None = 600) -> str:
    """A solved challenge, as a browser's widget sends it."""
    ends = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    challenge = create_challenge(
        "SHA-256", 1, key_prefix_length=1, hmac_secret=key, expires_at=ends
    )
    solution = solve_challenge(challenge)
    assert solution is not None
    made: str = Payload(challenge, solution).to_base64()
    return made


async def test_where_a_proof_of_work_is_asked_for_nothing_is_taken_without(
    both: Both, rabbitmq_vhost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """422 for none, for one by another key, expired or without end, and for one that was used; a
    repeat is none, and the proof stays out of the row."""
    monkeypatch.setattr(answering, "ADDRESS_SUBMISSIONS_PER_MINUTE", 10_000)
    async with running_edge(rabbitmq_vhost, tmp_path, intake_altcha_key=KEY) as edge:
        form = outside(edge)
        for given in (
            {},
            {"altcha": ""},
            {"altcha": "no proof"},
            {"altcha": proof("the key of somebody else")},
            {"altcha": proof(seconds=-1)},
            {"altcha": proof(seconds=None)},
        ):
            refused = await form.send(urlencode({**ALICE, **given}))
            assert refused.refusal == (422, "validation_error", [["body", "altcha"]]), given
        assert await form.staged() == []
        used = proof()
        bodies = urlencode({**ALICE, "altcha": used}), json.dumps([{**ALICE, "altcha": proof()}])
        for body in bodies:
            taken = await form.send(body)
            assert taken.status == 202, taken
            assert (await form.send(body)).body == taken.body
        again = urlencode({**ALICE, "surname": "Smithe", "altcha": used})
        assert (await form.send(again)).refusal == (422, "validation_error", [["body", "altcha"]])
        assert [row["extra"] for row in await form.staged()] == [{}, {}]


async def test_an_acceptance_that_fails_makes_nothing(form: Outside) -> None:
    """A source that there is not: 404, and neither patient nor referral nor decision."""
    (intake,) = (await form.send(LEAST)).data["intake_uuids"]
    nobodys = "01930000-0000-7000-8000-00000000c001"
    said = {"base_version": 1, "attribution": {"referral_source_uuid": nobodys}}
    refused = await form.staff.ask("POST", f"/intake/{intake}/accept", said)
    assert refused.refusal[:2] == (404, "referral_source_not_found")
    for path in ("/patients", "/referrals"):
        assert (await form.staff.ask("GET", path)).data["total"] == 0
    (row,) = await form.staged()
    assert row["status"] == "received"


async def test_of_two_acceptances_at_once_one_is_done(form: Outside) -> None:
    """200 and 409, and one patient."""
    (intake,) = (await form.send(LEAST)).data["intake_uuids"]
    path = f"/intake/{intake}/accept"
    asked = (form.staff.ask("POST", path, {"base_version": 1}) for _ in range(2))
    statuses = sorted(answered.status for answered in await asyncio.gather(*asked))
    assert statuses == [200, 409]
    assert (await form.staff.ask("GET", "/patients")).data["total"] == 1
