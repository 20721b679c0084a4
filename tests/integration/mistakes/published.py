"""Mistakes in how it is published: properties, body, exchange, routing key, headers."""

import gzip
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import orjson

from contracts.documents.examples import EXAMPLES
from tests.integration.mistakes.asked import Mistake
from tests.integration.mistakes.shop import Change, Shop, check, shown

_CREATE = "referral_partner.create"


def said(
    name: str,
    sent: str,
    body: Callable[[bytes], bytes] = lambda whole: whole,
    change: Change | None = None,
    note: str = "",
    holds: Callable[[Any], bool] | None = None,
    **properties: Any,
) -> Mistake:
    """`referral_partner.create` with other properties, or its body made into another one."""

    async def send(shop: Shop) -> str:
        whole = {"org_id": shop.org_id, **EXAMPLES[_CREATE].body, **(change or {})}
        encoded = orjson.dumps({name: value for name, value in whole.items() if value is not ...})
        _, answered = await shop.say(body(encoded), **properties)
        check(holds, answered)
        return shown(answered, note)

    return Mistake(name, sent, send)


def routed(name: str, operation: str, exchange: str, sent: str = "") -> Mistake:
    """A routing key that the exchange's queue does not take."""

    async def send(shop: Shop) -> str:
        body = orjson.dumps({"org_id": shop.org_id})
        _, answered = await shop.say(body, operation, exchange=exchange)
        return shown(answered)

    return Mistake(name, sent or f"`{operation}` to `{exchange}`", send)


async def _other_body(shop: Shop) -> str:
    message_id = uuid4()
    assert (await shop.ask(_CREATE, message_id=message_id)).status == 201
    return shown(await shop.ask(_CREATE, {"notes": "Another one."}, message_id=message_id))


async def _same_body(shop: Shop) -> str:
    message_id = uuid4()
    first = await shop.ask(_CREATE, message_id=message_id)
    again = await shop.ask(_CREATE, message_id=message_id)
    assert again == first
    assert (await shop.done("referral_partner.list"))["total"] == 1
    return shown(again, "the first reply again, and one effect")


def _heard_as(headers: dict[str, Any], actor: str | None) -> Callable[[Shop], Any]:
    async def send(shop: Shop) -> str:
        await shop.hold(EXAMPLES["referral.create"].needs)
        answered = await shop.ask("referral.create", headers=headers)
        assert answered.status == 201
        timeline = (await shop.done("referral.get"))["timeline"]
        assert [entry["actor"] for entry in timeline] == [actor]
        if actor is None:
            return "201: the header is passed over; the timeline has `actor` null"
        return "201: the timeline has it as `actor`"

    return send


def _header(name: str, sent: str, headers: dict[str, Any], actor: str | None) -> Mistake:
    return Mistake(name, f"`referral.create` with the header {sent}", _heard_as(headers, actor))


PUBLISHED: list[Mistake] = [
    said("no message_id", "no `message_id`", message_id=None),
    said("message_id not a uuid", "`message_id` `order-1`", message_id="order-1"),
    said(
        "message_id uuid without dashes",
        "`message_id` of 32 hex digits",
        message_id=UUID(int=0xA11CE).hex,
        note="taken as the same UUID",
        holds=lambda data: data["version"] == 1,
    ),
    said("content_type text/plain", "`content_type` `text/plain`", content_type="text/plain"),
    said("no content_type", "no `content_type`", content_type=None),
    said(
        "content_type json; charset=utf-8",
        "`content_type` `application/json; charset=utf-8`",
        content_type="application/json; charset=utf-8",
        note="taken",
        holds=lambda data: data["version"] == 1,
    ),
    said(
        "content_type json; another charset",
        "`content_type` `application/json; charset=iso-8859-1`",
        content_type="application/json; charset=iso-8859-1",
    ),
    said("body not JSON", "`{org_id: demo}`", lambda _: b"{org_id: demo}"),
    said("body is an array", "`[{…}]`", lambda whole: b"[" + whole + b"]"),
    said(
        "duplicate key in JSON",
        '`"notes"` twice in the body',
        lambda whole: b'{"notes": "first", "notes": "second", ' + whole[1:],
        note="the last of the two counts, the first is gone",
        holds=lambda data: data["notes"] == "second",
    ),
    said(
        "latin-1 body",
        "the body in ISO 8859-1",
        lambda whole: whole.replace(b"Springfield", b"M\xfcnchen").replace(b"Oral", b"\xd6ral"),
    ),
    said(
        "gzip content encoding",
        "the body packed, `content_encoding` `gzip`",
        gzip.compress,
        content_encoding="gzip",
    ),
    said("missing org", "no `org_id`", change={"org_id": ...}),
    said("org with space", "`org_id` `my org`", change={"org_id": "my org"}),
    routed("query to commands exchange", "referral_partner.list", "referrals.commands"),
    routed("command to queries exchange", _CREATE, "referrals.queries"),
    routed("dispatch op at referrals", "ereferral.get", "referrals.queries"),
    routed("typo operation", "referral_partner.creat", "referrals.commands"),
    routed("camelCase operation", "referralPartner.create", "referrals.commands"),
    routed(
        "default exchange, queue name as AsyncAPI says (is: queue)",
        "referrals.commands",
        "",
        "to the default exchange, with the queue's name as the routing key",
    ),
    Mistake("same message_id other body", "a `message_id` again, with another body", _other_body),
    Mistake("same message_id same body (repeat)", "the same message again", _same_body),
    said("actor header non-string", "the header `actor` `7`", headers={"actor": 7}),
    said("actor header object", "the header `actor` a table", headers={"actor": {"id": "staff-7"}}),
    _header("unknown header", "`x-priority` `high`", {"x-priority": "high"}, None),
    _header("header x-actor", "`x-actor` `bob`", {"x-actor": "bob"}, None),
    _header("actor header seen in timeline?", "`actor` `bob`", {"actor": "bob"}, "bob"),
]
