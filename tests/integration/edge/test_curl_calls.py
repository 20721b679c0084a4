"""The 18 calls that practices' programs were written to, through the shell.

`curl_calls.txt` has them as they were published. Run here are their words, but for host, token and
ids; then the same call with values in the places where they only say `"string"` or `null`.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.services.edge import Caller

CALLS = (Path(__file__).parent / "curl_calls.txt").read_text().strip().split("\n\n")
PAGE = {"items", "page", "page_size", "total"}
ATTRIBUTION = {
    *("attributed_at", "attribution_role", "created_at", "id", "patient", "provider"),
    *("referral_partner", "referral_source", "referring_patient", "source_note", "updated_at"),
    "version",
}
PARTNER = {
    *("accepts_ereferral", "address_line1", "address_line2", "city", "contact_type", "country"),
    *("created_at", "email", "ereferral_endpoint", "fax", "first_name", "id", "is_active"),
    *("last_name", "notes", "npi", "phone", "postal_code", "practice_name"),
    *("preferred_contact_method", "specialty", "state", "updated_at", "version"),
}
SOURCE = {
    *("category", "created_at", "description", "id", "is_active", "linked_patient"),
    *("linked_referral_partner", "name", "patient_count", "sort_order", "total_cost"),
    *("updated_at", "version"),
}
COST = {
    *("amount", "created_at", "id", "notes", "period_end", "period_start", "updated_at"),
    *("version", "referral_source"),
}


@dataclass(frozen=True)
class Case:
    """One of the calls, by its place in the file.

    `said`: the fields that are wrong with it as it stands; none: it succeeds. `values` stand for
    the placeholders; `query` is what it leaves out.
    """

    place: int
    status: int
    fields: set[str] | None
    said: tuple[list[str], ...] = ()
    values: dict[str, Any] | None = None
    query: str = ""


_NO_VERSION: tuple[list[str], ...] = (["query", "base_version"],)
CASES = {
    "list attributions": Case(0, 200, PAGE),
    "create attribution": Case(
        1,
        201,
        ATTRIBUTION,
        (
            ["body", "referral_source_uuid"],
            ["body", "referral_partner_uuid"],
            ["body", "provider_uuid"],
            ["body", "referring_patient_uuid"],
        ),
        {"attribution_role": "assist", "provider_uuid": "{provider_uuid}"},
    ),
    "archive attribution": Case(2, 204, None, _NO_VERSION, query="?base_version=1"),
    "update attribution": Case(
        3,
        200,
        ATTRIBUTION,
        (["body", "attribution_role"],),
        {"attribution_role": "secondary", "base_version": 1, "source_note": "string"},
    ),
    "list partners": Case(4, 200, PAGE),
    "get partner": Case(5, 200, PARTNER),
    "create partner": Case(
        6,
        201,
        PARTNER,
        (["body", "practice_name"],),
        {"accepts_ereferral": False, "contact_type": "lab", "practice_name": "string"},
    ),
    "archive partner": Case(7, 204, None, _NO_VERSION, query="?base_version=1"),
    "update partner": Case(
        8,
        200,
        PARTNER,
        (["body", "accepts_ereferral"],),
        {"accepts_ereferral": False, "address_line1": "string", "base_version": 1, "city": "x"},
    ),
    "list sources": Case(9, 200, PAGE),
    "get source": Case(10, 200, SOURCE),
    "create source": Case(
        11,
        201,
        SOURCE,
        (
            ["body", "linked_patient_uuid"],
            ["body", "linked_referral_partner_uuid"],
            ["body", "category"],
        ),
        {"category": "walk_in", "description": "string", "is_active": True, "name": "string"},
    ),
    "archive source": Case(12, 204, None, _NO_VERSION, query="?base_version=1"),
    "update source": Case(
        13,
        200,
        SOURCE,
        (["body", "is_active"], ["body", "linked_patient_uuid"], ["body", "category"]),
        {"base_version": 1, "category": "signage", "linked_patient_uuid": "{patient_uuid}"},
    ),
    "list costs": Case(14, 200, PAGE),
    "create cost": Case(
        15,
        201,
        COST,
        (["body", "amount"],),
        {
            "amount": 12.5,
            "notes": "string",
            "period_end": "2025-01-15",
            "period_start": "2025-01-15",
        },
    ),
    "archive cost": Case(16, 204, None, _NO_VERSION, query="?base_version=1"),
    "update cost": Case(
        17,
        200,
        COST,
        (["body", "amount"], ["body", "period_start"], ["body", "period_end"]),
        {"amount": "13.00", "base_version": 1, "period_end": "2025-01-16"},
    ),
}


@pytest.fixture
def curl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Curl says the status behind the body, and nothing of its progress."""
    (tmp_path / ".curlrc").write_text('silent\nshow-error\nwrite-out = "\\n%{http_code}"\n')
    monkeypatch.setenv("CURL_HOME", str(tmp_path))


async def ids_of_everything(caller: Caller) -> dict[str, str]:
    """What the calls name, made for this org."""
    patient, provider = str(uuid4()), str(uuid4())
    seen = {"observed_at": "2026-01-05T08:00:00Z"}
    await caller.ask("PUT", f"/patients/{patient}", {"name": "Paul Pace", **seen})
    await caller.ask("PUT", f"/providers/{provider}", {"name": "Dr. Rose Rand", **seen})
    partner, source = await caller.partner(), await caller.source()
    cost = await caller.made(
        f"/referral-sources/{source['id']}/costs",
        {"amount": 1, "period_start": "2025-01-15", "period_end": "2025-01-15"},
    )
    attribution = await caller.made(
        f"/patients/{patient}/referral-attributions", {"referral_source_uuid": source["id"]}
    )
    return {
        "org_id": caller.org_id,
        "patient_uuid": patient,
        "provider_uuid": provider,
        "referral_partner_uuid": partner["id"],
        "referral_source_uuid": source["id"],
        "cost_uuid": cost["id"],
        "attribution_uuid": attribution["id"],
    }


async def run(command: str, caller: Caller, ids: dict[str, str]) -> tuple[int, Any]:
    """The status, and the body as JSON, None where there is none."""
    command = command.replace("https://api.example.com", caller.url)
    command = command.replace("YOUR_API_TOKEN", caller.token)
    for name, value in ids.items():
        command = command.replace(f"{{{name}}}", value)
    process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, command
    body, _, status = output.decode().rpartition("\n")
    return int(status), json.loads(body) if body else None


@pytest.mark.usefixtures("curl")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_each_call_as_it_was_published(case: Case, caller: Caller) -> None:
    """As it stands it succeeds, or every placeholder that is no value is named; with values it has
    its code and its fields."""
    ids = await ids_of_everything(caller)
    command = CALLS[case.place]
    status, body = await run(command, caller, ids)
    if case.said:
        assert status == 422
        named = [one["loc"] for one in body["detail"]]
        assert sorted(named) == sorted(case.said)
    if case.values is not None:
        command = re.sub(r"-d '.*'", f"-d '{json.dumps(case.values)}'", command, flags=re.DOTALL)
    if case.query:
        command = re.sub(r'(https://[^"]*)"', rf'\1{case.query}"', command)
    if case.said:
        status, body = await run(command, caller, ids)
    assert status == case.status, body
    assert (None if body is None else set(body)) == case.fields


def test_all_the_calls_are_here() -> None:
    """18, each once."""
    assert len(CALLS) == 18
    assert sorted(case.place for case in CASES.values()) == list(range(18))
