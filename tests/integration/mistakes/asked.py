"""Mistakes in what is asked: the operation, its fields, the order in which things come."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.documents.examples import EXAMPLES, Another
from tests.integration.mistakes.shop import LEFT_OUT, Change, Shop, check, shown
from tests.support.waiting import until

UNKNOWN = "01930000-0000-7000-8000-00000000ffff"
_DRAFTED = [*EXAMPLES["referral.create"].needs, "referral.create"]
_READY = EXAMPLES["referral.send"].needs
_PARTNER = "referral_partner.create"
_ARCHIVED = [_PARTNER, "referral_partner.archive"]


@dataclass(frozen=True)
class Mistake:
    """A row of the page: what was sent in words, and what sends it and gives the answer."""

    name: str
    sent: str
    send: Callable[[Shop], Awaitable[str]]


def changed(
    name: str,
    operation: str,
    change: Change,
    *,
    held: Sequence[str | Another] | None = None,
    sent: str = "",
    note: str = "",
    holds: Callable[[Any], bool] | None = None,
) -> Mistake:
    """The example of an operation with a change; `held`: what was done before, if not as usual."""
    given = {name: value for name, value in change.items() if value is not LEFT_OUT}
    without = [f"`{name}`" for name, value in change.items() if value is LEFT_OUT]
    parts = [f"with `{json.dumps(given)}`"] if given else []
    parts += [f"without {' and '.join(without)}"] if without else []
    words = sent or ", ".join(parts)

    async def send(shop: Shop) -> str:
        await shop.hold(EXAMPLES[operation].needs if held is None else held)
        answered = await shop.ask(operation, change)
        check(holds, answered)
        return shown(answered, note)

    return Mistake(name, f"`{operation}`{' ' if words else ''}{words}", send)


async def _ahead(shop: Shop) -> str:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    return shown(await shop.ask("patient.put", {"observed_at": at}))


async def _stale(shop: Shop) -> str:
    await shop.hold([_PARTNER, "referral_partner.update"])
    return shown(await shop.ask("referral_partner.update", {"notes": "Open on Fridays."}))


async def _passed_over(shop: Shop) -> str:
    await shop.hold(_READY, referral_partner={"preferred_contact_method": "fax"})
    referral = await shop.done("referral.send")
    named = {"ereferral_uuid": referral["ereferral_uuid"]}

    async def heard() -> bool:
        return (await shop.ask("ereferral.get", named)).problem is None

    await until(heard, 20)
    assert (await shop.done("ereferral.get", named))["channel"] == "phone"
    return "201: taken; a channel without an address is passed over when a referral is sent"


async def _twice(shop: Shop) -> str:
    version = (await shop.sent())["version"]
    return shown(await shop.ask("referral.send", {"base_version": version}))


async def _after_send(shop: Shop) -> str:
    version = (await shop.sent())["version"]
    return shown(await shop.ask("referral.update", {"base_version": version}))


async def _of_no_taker(shop: Shop) -> str:
    await shop.hold(_READY, referral_partner={"accepts_ereferral": False})
    return shown(await shop.ask("referral.send"))


async def _others(shop: Shop) -> str:
    await shop.another().hold([_PARTNER])
    return shown(await shop.ask("referral_partner.get"))


async def _not_held(shop: Shop) -> str:
    await shop.sent()
    return shown(await shop.ask("partner_channel.release", {"channel": "phone"}))


async def _retried(shop: Shop) -> str:
    by_mail = {
        "ereferral_endpoint": "mailto:office@example.com",
        "preferred_contact_method": "email",
    }
    await shop.hold(_READY, referral_partner=by_mail)
    referral = await shop.done("referral.send")
    named = {"ereferral_uuid": referral["ereferral_uuid"]}

    async def handed_over() -> bool:
        got = await shop.ask("ereferral.get", named)
        return got.problem is None and got.data["status"] == "sent"

    await until(handed_over, 20)
    version = (await shop.done("ereferral.get", named))["version"]
    change = {**named, "base_version": version, "channel": "email"}
    return shown(await shop.ask("ereferral.retry", change))


ASKED: list[Mistake] = [
    changed("wrong type: teeth numbers", "referral.create", {"teeth": [14, 15]}),
    changed("tooth 48 (FDI)", "referral.create", {"teeth": ["48"]}),
    changed("teeth as string", "referral.create", {"teeth": "14,15"}),
    changed("reason_codes as strings", "referral.create", {"reason_codes": ["K01.1"]}),
    changed("wrong enum priority high", "referral.create", {"priority": "high"}),
    changed("unknown field", "referral.create", {"urgency": "high"}),
    changed("patient integer id", "referral.create", {"patient_uuid": 4711}),
    changed(
        "patient not put yet",
        "referral.create",
        {},
        held=["provider.put", _PARTNER],
        sent="before `patient.put`",
    ),
    changed("unknown partner", "referral.create", {"referral_partner_uuid": UNKNOWN}),
    changed("naive respond_by", "referral.create", {"respond_by": "2026-12-24T12:00:00"}),
    changed("date only respond_by", "referral.create", {"respond_by": "2026-12-24"}),
    changed(
        "respond_by in the past",
        "referral.create",
        {"respond_by": "2020-01-01T00:00:00Z"},
        note="taken as it stands; once it is sent, the referral is overdue at once",
        holds=lambda data: data["respond_by"] == "2020-01-01T00:00:00Z",
    ),
    changed("respond_by zero", "referral.create", {"respond_by": "0001-01-01T00:00:00Z"}),
    changed(
        "reason code without a system", "referral.create", {"reason_codes": [{"code": "K01.1"}]}
    ),
    changed("row without a name", "intake.submit", {"rows": [{"org_type_id": 1}]}),
    changed(
        "row with a fraction for an id",
        "intake.submit",
        {"rows": [{"first_name": "Ann", "surname": "Archer", "org_type_id": 1.5}]},
    ),
    changed(
        "row with a field called anyhow",
        "intake.submit",
        {
            "rows": [
                {"first_name": "Ann", "surname": "Archer", "org_type_id": 1, "Date of visit": 1}
            ]
        },
    ),
    changed("epoch millis observed_at", "patient.put", {"observed_at": 1767603600000}),
    changed(
        "JS Date.toString observed_at",
        "patient.put",
        {"observed_at": "Mon Jan 05 2026 09:30:00 GMT+0000 (Coordinated Universal Time)"},
    ),
    Mistake("observed_at an hour ahead", "`patient.put`, `observed_at` an hour from now", _ahead),
    changed("US date of birth", "patient.put", {"date_of_birth": "04/12/1988"}),
    changed(
        "provider names forgotten (contact_type default provider)",
        _PARTNER,
        {"contact_type": LEFT_OUT},
    ),
    changed(
        "provider.put first/last instead of name",
        "provider.put",
        {"first_name": "Ada", "last_name": "Demo", "name": LEFT_OUT},
    ),
    changed("accepts without endpoint", _PARTNER, {"ereferral_endpoint": LEFT_OUT}),
    changed("endpoint bare host", _PARTNER, {"ereferral_endpoint": "portal.example"}),
    changed("endpoint ftp", _PARTNER, {"ereferral_endpoint": "ftp://portal.example/in"}),
    changed(
        "endpoint without a port", _PARTNER, {"ereferral_endpoint": "https://portal.example:0/"}
    ),
    changed(
        "endpoint tel of a network",
        _PARTNER,
        {"ereferral_endpoint": "tel:5550143;phone-context=example.com"},
    ),
    changed("endpoint bare email", _PARTNER, {"ereferral_endpoint": "office@example.com"}),
    Mistake(
        "preferred fax, no fax",
        f'`{_PARTNER}` with `{{"preferred_contact_method": "fax"}}`',
        _passed_over,
    ),
    changed("phone free text", _PARTNER, {"phone": "ask at the desk"}),
    changed(
        "phone as a tel URI",
        _PARTNER,
        {"phone": "tel:+1-202-555-0143"},
        note="taken as +12025550143",
        holds=lambda data: data["phone"] == "+12025550143",
    ),
    changed("fax with an extension", _PARTNER, {"fax": "+1 202-555-0143 x5"}),
    changed("npi wrong checksum", _PARTNER, {"npi": "1234567890"}),
    changed("npi number", _PARTNER, {"npi": 1234567893}),
    changed("country name", _PARTNER, {"country": "United States"}),
    changed("country empty", _PARTNER, {"country": ""}),
    changed("update without base_version", "referral_partner.update", {"base_version": LEFT_OUT}),
    changed(
        "update with id instead of referral_partner_uuid",
        "referral_partner.update",
        {"id": UNKNOWN, "referral_partner_uuid": LEFT_OUT},
    ),
    changed(
        "update of nothing",
        "referral_partner.update",
        {"notes": LEFT_OUT},
        note="nothing changed: the same `version`, no event",
        holds=lambda data: data["version"] == 1,
    ),
    Mistake("stale version", "`referral_partner.update` with the version before the last", _stale),
    changed("version from the future", "referral_partner.update", {"base_version": 9}),
    changed("base_version string", "referral_partner.update", {"base_version": "1"}),
    changed(
        "archived id: update", "referral_partner.update", {}, held=_ARCHIVED, sent="when archived"
    ),
    changed("archived id: get", "referral_partner.get", {}, held=_ARCHIVED, sent="when archived"),
    changed(
        "archived id: referral.create",
        "referral.create",
        {},
        held=["patient.put", "provider.put", *_ARCHIVED],
        sent="with a partner that is archived",
    ),
    changed(
        "reuse archived id in create",
        _PARTNER,
        {},
        held=_ARCHIVED,
        sent="with the `id` of one that is archived",
    ),
    changed(
        "create with taken id",
        _PARTNER,
        {"notes": "Another one."},
        held=[_PARTNER],
        sent="with the `id` of another one",
    ),
    changed("page 0", "referral_partner.list", {"page": 0}),
    changed("page_size 1000", "referral_partner.list", {"page_size": 1000}),
    changed(
        "page beyond the end",
        "referral_partner.list",
        {"page": 99},
        held=[_PARTNER],
        note="no `items`, and the true `total`",
        holds=lambda data: (data["items"], data["total"]) == ([], 1),
    ),
    changed(
        "cursor/limit", "referral_partner.list", {"cursor": "", "limit": 10, "page_size": LEFT_OUT}
    ),
    changed(
        "page huge",
        "referral_partner.list",
        {"page": 1_000_000_000},
        held=[_PARTNER],
        note="no `items`, and the true `total`",
        holds=lambda data: (data["items"], data["total"]) == ([], 1),
    ),
    changed(
        "record_response on a draft",
        "referral.record_response",
        {},
        held=_DRAFTED,
        sent="of a draft",
    ),
    changed(
        "response wrong enum in_progress",
        "referral.record_response",
        {"response": "in_progress"},
        held=[],
    ),
    changed("cancel without reason", "referral.cancel", {"reason": LEFT_OUT}),
    Mistake("send twice", "`referral.send` of one that was sent", _twice),
    Mistake("update after send", "`referral.update` of one that was sent", _after_send),
    Mistake(
        "send to partner that does not accept",
        "`referral.send` to a partner with `accepts_ereferral` false",
        _of_no_taker,
    ),
    changed(
        "send without practice.put",
        "referral.send",
        {},
        held=_DRAFTED,
        sent="before `practice.put`",
    ),
    Mistake("other org's id", "`referral_partner.get` of another org's partner", _others),
    changed("unknown patient get", "patient.get", {"patient_uuid": UNKNOWN}),
    changed(
        "attribution with two references",
        "referral_attribution.create",
        {"referral_partner_uuid": UNKNOWN},
        sent="with a source and a partner",
    ),
    changed("cost with three decimals", "referral_source_cost.create", {"amount": "12.345"}),
    changed("source category google", "referral_source.create", {"category": "google"}),
    Mistake(
        "partner_channel.release of a non held", "`partner_channel.release` of `phone`", _not_held
    ),
    Mistake("ereferral.retry on a sent", "`ereferral.retry` of one that is `sent`", _retried),
]
