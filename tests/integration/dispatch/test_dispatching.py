"""An e-referral from its dispatch to its end, by portal and by e-mail."""

from uuid import uuid4

from tests.integration.dispatch.shown import attempts
from tests.support.partners.portal import DUPLICATE, Answer
from tests.support.services.dispatch import Dispatch, Org, new_partner


async def test_a_portal_that_takes_it_proves_its_delivery(dispatch: Dispatch, org: Org) -> None:
    """202 `queued`; after the portal's 2xx `delivered`, in two versions with one event each."""
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("takes"))
    package = org.package(partner)
    answered = await org.ask("ereferral.dispatch", **package)
    assert answered.status == 202
    assert answered.data["status"] == "queued" and answered.data["version"] == 1
    assert answered.data["id"] == package["dispatch_uuid"]

    shown = await org.until(package["dispatch_uuid"], "delivered")
    assert attempts(shown) == [(1, "portal", "delivered", "http_201")]
    assert dispatch.portal.ids("takes") == [package["dispatch_uuid"]]
    assert await dispatch.heard.story(package["dispatch_uuid"]) == ["queued", "delivered"]
    queued, delivered = await dispatch.heard.about(package["dispatch_uuid"])
    assert queued.data["status"] == "queued"
    assert {
        "id": package["dispatch_uuid"],
        "referral_uuid": package["referral"]["id"],
        "referral_partner": {"uuid": str(partner["id"]), "name": "Alex Example"},
        "status": "delivered",
        "channel": "portal",
        "address": dispatch.portal.endpoint("takes"),
        "possible_repeat": False,
        "next_attempt_at": None,
        "version": 2,
    }.items() <= delivered.data.items()
    assert delivered.body["source"] == "/ereferral_dispatch"
    assert delivered.body["dataschema"] == "urn:handoff:schema:ereferral:v1"
    assert delivered.body["orgid"] == org.id


async def test_an_attempt_is_shown_with_its_times(dispatch: Dispatch, org: Org) -> None:
    """`ereferral.get` shows each attempt: number, channel, address, start, end, outcome, code."""
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("times"))
    shown = await org.until(await org.dispatch(partner), "delivered")
    (attempt,) = shown["attempts"]
    assert set(attempt) == {
        "number", "channel", "address", "started_at", "finished_at", "outcome", "code", "detail",
    }  # fmt: skip
    assert attempt["address"] == dispatch.portal.endpoint("times") and attempt["detail"] is None
    assert shown["created_at"] <= attempt["started_at"] <= attempt["finished_at"]
    assert attempt["finished_at"] <= shown["updated_at"]
    listed = await org.ask("ereferral.list")
    assert listed.data["total"] == 1
    assert listed.data["items"][0] == {
        name: value for name, value in shown.items() if name not in ("attempts", "call")
    }


async def test_a_mail_that_the_relay_took_is_sent(dispatch: Dispatch, org: Org) -> None:
    """After the relay's 250: `sent`, and not `delivered`: a relay has it."""
    ereferral = await org.dispatch(new_partner(email="takes@partner.example"))
    shown = await org.until(ereferral, "sent")
    assert attempts(shown) == [(1, "email", "sent", "smtp_250")]
    assert await dispatch.heard.story(ereferral) == ["queued", "sent"]
    (mail,) = dispatch.mail.to("takes@partner.example")
    assert mail.message["Message-ID"].startswith(f"<{ereferral}.email@")
    assert "may be a repeat" not in mail.text.lower() and not shown["possible_repeat"]


async def test_a_portals_word_that_it_is_a_duplicate_proves_delivery(
    dispatch: Dispatch, org: Org
) -> None:
    """409 with an OperationOutcome that says `duplicate` is delivered; any other 409 is not."""
    dispatch.portal.script("duplicate", DUPLICATE)
    dispatch.portal.script("conflict", 409)
    shown = await org.until(
        await org.dispatch(new_partner(ereferral_endpoint=dispatch.portal.endpoint("duplicate"))),
        "delivered",
    )
    assert attempts(shown) == [(1, "portal", "delivered", "http_409")]
    shown = await org.until(
        await org.dispatch(new_partner(ereferral_endpoint=dispatch.portal.endpoint("conflict"))),
        "failed",
    )
    assert attempts(shown) == [(1, "portal", "permanent_failure", "http_409")]


async def test_every_retry_sends_the_same_bytes_under_the_same_id(
    dispatch: Dispatch, org: Org
) -> None:
    """A transient failure is retried on the same channel; each failure is told before what it
    leads to, each in a version of its own."""
    dispatch.portal.script("retried", 503, 429, 200)
    ereferral = await org.dispatch(
        new_partner(ereferral_endpoint=dispatch.portal.endpoint("retried"))
    )
    shown = await org.until(ereferral, "delivered")
    assert attempts(shown) == [
        (1, "portal", "transient_failure", "http_503"),
        (2, "portal", "transient_failure", "http_429"),
        (3, "portal", "delivered", "http_200"),
    ]
    posted = dispatch.portal.at("retried")
    assert [one.headers["webhook-id"] for one in posted] == [ereferral] * 3
    assert [one.headers["idempotency-key"] for one in posted] == [ereferral] * 3
    assert len({one.body for one in posted}) == 1
    assert await dispatch.heard.story(ereferral) == [
        "queued",
        "attempt_failed",
        "retry_scheduled",
        "attempt_failed",
        "retry_scheduled",
        "delivered",
    ]
    scheduled = (await dispatch.heard.about(ereferral))[2]
    assert scheduled.data["status"] == "retry_scheduled"
    assert scheduled.data["next_attempt_at"] > scheduled.body["time"]


async def test_retried_mails_are_the_same_message(dispatch: Dispatch, org: Org) -> None:
    """A 4xx reply is transient; the message that goes out then is the one under its Message-ID."""
    dispatch.mail.script("later@partner.example", "450 4.2.1 later", "250 ok")
    ereferral = await org.dispatch(new_partner(email="later@partner.example"))
    shown = await org.until(ereferral, "sent")
    assert attempts(shown) == [
        (1, "email", "transient_failure", "smtp_450"),
        (2, "email", "sent", "smtp_250"),
    ]
    assert len(dispatch.mail.to("later@partner.example")) == 1


async def test_retry_after_lengthens_the_wait(dispatch: Dispatch, org: Org) -> None:
    """A wish of an hour is granted where the schedule says a twentieth of a second; one of a
    thousand hours ends at a day."""
    for path, wish, least, most in (
        ("hour", "3600", 3590, 3600.5),
        ("weeks", "3600000", 86_390, 86_400.5),
        ("now", "0", 0, 1),
    ):
        dispatch.portal.script(path, Answer(429, {"Retry-After": wish}), 200)
        ereferral = await org.dispatch(
            new_partner(ereferral_endpoint=dispatch.portal.endpoint(path))
        )
        await org.until(ereferral, "retry_scheduled", "delivered")
        scheduled = (await dispatch.heard.about(ereferral))[2]
        assert scheduled.type == "retry_scheduled"
        wait = await dispatch.database.fetchval(
            "SELECT extract(epoch FROM $1::text::timestamptz - $2::text::timestamptz)",
            scheduled.data["next_attempt_at"],
            scheduled.body["time"],
        )
        assert least <= wait <= most


async def test_a_second_dispatch_under_the_same_id_is_refused(dispatch: Dispatch, org: Org) -> None:
    """409 already_exists, and one e-referral; the same message again gets the first reply; another
    org's is another's."""
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("once"))
    package, message_id = org.package(partner), uuid4()
    first = await org.ask("ereferral.dispatch", message_id=message_id, **package)
    assert first.status == 202
    assert await org.ask("ereferral.dispatch", message_id=message_id, **package) == first
    again = await org.ask("ereferral.dispatch", **package)
    assert again.status == 409 and again.problem is not None
    assert again.problem["code"] == "already_exists"
    await org.until(package["dispatch_uuid"], "delivered")
    assert len(dispatch.portal.at("once")) == 1
    other = dispatch.org()
    assert (await other.ask("ereferral.dispatch", **package)).status == 202
    await other.until(package["dispatch_uuid"], "delivered")


async def test_without_a_contact_point_it_is_refused(dispatch: Dispatch, org: Org) -> None:
    """422 no_usable_contact_point: nothing is taken in that could not be sent."""
    package = org.package(new_partner(ereferral_endpoint="tel:12"))
    answered = await org.ask("ereferral.dispatch", **package)
    assert answered.status == 422 and answered.problem is not None
    assert answered.problem["code"] == "no_usable_contact_point"
    got = await org.ask("ereferral.get", ereferral_uuid=package["dispatch_uuid"])
    assert got.status == 404 and got.problem is not None
    assert got.problem["code"] == "ereferral_not_found"
    assert await dispatch.heard.about(package["dispatch_uuid"]) == []
