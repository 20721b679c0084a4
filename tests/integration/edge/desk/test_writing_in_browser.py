"""Writing a referral, partners, sources, the intake and activity in a real browser."""

from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import orjson
from playwright.async_api import Page, expect

from messaging.replies.standing_client import Replied
from tests.integration.edge.desk.test_in_browser import PERSON, opened
from tests.support.browser.judging import assert_fit_for_all
from tests.support.browser.running import Pages
from tests.support.services.desk_practice import Practice
from tests.support.services.edge import RunningEdge
from tests.support.waiting import until

ROW = {
    "id": "01930000-0000-7000-8000-0000000000e1",
    "version": 3,
    "created_at": "2026-11-29T09:00:00Z",
    "updated_at": "2026-11-29T09:00:00Z",
    "connection_uuid": "01930000-0000-7000-8000-0000000000c1",
    "kind": "patient",
    "external_id": "4711",
    "external_version": "1",
    "code": "possible_duplicate",
    "fields": ["name"],
    "uuid": None,
    "resolution": None,
    "resolved_at": None,
}

PHONE = {"accepts_ereferral": True, "ereferral_endpoint": "tel:+12025550144"}
MARY = {"first_name": "Mary", "surname": "Moore", "org_type_id": "1", "description": "Toothache"}


def _with_connectors(edge: RunningEdge) -> Any:
    """The edge's asking, with connectors' replies given: one row that waits."""
    ask = edge.edge.client.ask

    async def answer(exchange: str, operation: str, body: bytes, **named: Any) -> Replied:
        if not exchange.startswith("connectors."):
            return await ask(exchange, operation, body, **named)
        listed = [ROW] if operation == "import_row.list" else []
        page = {"items": listed, "page": 1, "page_size": 50, "total": len(listed)}
        return Replied(200, orjson.dumps(page))

    return answer


async def _letter_drawn(page: Page) -> bool:
    """Whether a frame shows the letter of the form as it is written."""
    paths = [urlsplit(frame.url).path for frame in page.frames]
    return any(path.endswith("/referrals/new/letter") for path in paths)


async def test_the_other_pages_are_fit_for_all(practice: Practice, pages: Pages) -> None:
    """axe-core finds nothing, and nothing scrolls sideways, at 320 and 1280 pixels, light and dark;
    with nothing, with everything, and with what was refused."""
    org = practice.org
    page = await opened(practice, pages, "")
    base = page.url
    await page.goto(f"{base}/partners")
    await assert_fit_for_all(page)
    patient = await org.patient(name="Mary Moore", phone="+12025550199")
    partner = await org.partner(
        **PHONE, practice_name="Archer-Montgomery Endodontics of Springfield"
    )
    draft = await org.referral(patient_uuid=patient["id"], referral_partner_uuid=partner["id"])
    source = (await org.ask("referral_source.create", name="Web", category="website")).data
    cost = {"amount": "100", "period_start": "2026-11-01", "period_end": "2026-11-30"}
    await org.ask("referral_source_cost.create", referral_source_uuid=source["id"], **cost)
    attributed = {"patient_uuid": patient["id"], "referral_source_uuid": source["id"]}
    await org.ask("referral_attribution.create", **attributed)
    row = {**MARY, "telephone": "+12025550199", "date_of_birth": "19xx"}
    submitted = await org.ask("intake.submit", rows=[row, {**MARY, "first_name": "Bea"}])
    mary = submitted.data["intake_uuids"][0]
    for path in (
        "/partners",
        f"/partners/{partner['id']}",
        f"/referrals/new?patient_uuid={patient['id']}",
        f"/sources/{source['id']}",
        "/sources/report",
        "/intake",
        f"/intake/{mary}",
        "/activity",
        "/trail",
        f"/trail?patient_uuid={patient['id']}",
    ):
        await page.goto(base + path)
        await assert_fit_for_all(page)
    with patch.multiple(
        practice.edge.edge.client, ask=_with_connectors(practice.edge), is_run=lambda _: True
    ):
        await page.goto(f"{base}/imports")
        await expect(page.locator("main")).to_contain_text(str(ROW["external_id"]))
        await assert_fit_for_all(page)
    await page.goto(f"{base}/referrals/{draft['id']}/edit")
    for summary in await page.locator("details > summary").all():
        await summary.click()
    await page.get_by_label("Code", exact=True).first.fill(" ")
    await page.get_by_label("What it means").first.fill("Pulpitis")
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    await assert_fit_for_all(page)


async def test_a_referral_is_sent_without_javascript(practice: Practice, pages: Pages) -> None:
    """From the list to the letter to the partner, the tooth ticked on its chart."""
    await practice.org.patient(name="Paul Pace")
    await practice.org.partner(**PHONE)
    token = practice.edge.token(practice.org.id, **PERSON)
    page = await pages.open(f"{practice.edge.url}/desk", javascript=False)
    await page.get_by_label("Your token").fill(token)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("link", name="Referrals").click()
    await page.get_by_role("link", name="New referral").click()
    await page.get_by_label("Name, phone or e-mail").fill("pace")
    await page.locator("main").get_by_role("button", name="Find").click()
    await page.get_by_role("link", name="Paul Pace").click()
    await page.get_by_label("Partner", exact=True).select_option(label="Ann Archer · Phone")
    await page.get_by_label("Reason").fill("Root canal")
    await page.locator(".tooth", has_text="14").first.click()
    await page.get_by_role("button", name="Show the letter").click()
    await expect(page.locator("iframe.letter")).to_be_visible()
    await until(lambda: _letter_drawn(page), 10)
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_role("status").first).to_contain_text("The draft is made.")
    await expect(page.get_by_role("checkbox", name="14 upper left first molar")).to_be_checked()
    await expect(page.locator("iframe.letter")).to_be_visible()
    await page.get_by_role("button", name="Save and send").click()
    await expect(page.get_by_role("status").first).to_contain_text("Released: it is sent now.")


async def test_teeth_are_chosen_by_the_keyboard(practice: Practice, pages: Pages) -> None:
    """Each tooth is a stop that is seen, and the space bar ticks it."""
    patient = await practice.org.patient()
    await practice.org.partner(**PHONE)
    page = await opened(practice, pages, f"/referrals/new?patient_uuid={patient['id']}")
    await page.get_by_label("Reason").focus()
    await page.keyboard.press("Tab")
    first = page.get_by_role("checkbox", name="1 upper right third molar", exact=True)
    await expect(first).to_be_focused()
    width = await page.evaluate(
        "parseFloat(getComputedStyle(document.activeElement.closest('.tooth')).outlineWidth)"
    )
    assert width >= 2
    await page.keyboard.press("Space")
    await expect(first).to_be_checked()


async def test_the_letter_is_drawn_as_it_is_written(practice: Practice, pages: Pages) -> None:
    """After a pause, in the frame beside the form: the focus stays, and nothing is saved."""
    patient = await practice.org.patient(name="Paul Pace")
    await practice.org.partner(**PHONE)
    page = await opened(practice, pages, "/referrals")
    await page.goto(f"{page.url}/new?patient_uuid={patient['id']}")
    await page.get_by_label("Partner", exact=True).select_option(label="Ann Archer · Phone")
    reason = page.get_by_label("Reason")
    await reason.fill("Root canal")
    await until(lambda: _letter_drawn(page), 10)
    await expect(page.locator("iframe.letter")).to_have_count(1)
    first = await page.locator("iframe.letter").get_attribute("name")
    await page.keyboard.type(" of 14")
    await expect(page.locator(f"iframe.letter[name='{first}']")).to_have_count(0)
    await expect(page.locator("iframe.letter")).to_have_count(1)
    await until(lambda: _letter_drawn(page), 10)
    await expect(reason).to_be_focused()
    await expect(reason).to_have_value("Root canal of 14")
    assert (await practice.org.ask("referral.list")).data["total"] == 0
