"""The partner's page in a real browser: without JavaScript, by keyboard alone, fit for all."""

from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.integration.edge.answer_pages.partner import Letter, Post, new_address
from tests.support.browser.judging import assert_fit_for_all
from tests.support.browser.running import NARROW, Pages

APPOINTMENT = "We have an appointment for the patient"
DECLINE = "We cannot take the patient"


async def opened(pages: Pages, letter: Letter, **shown: bool | int) -> Page:
    """The page of a letter's link, in a browser that comes from an address of its own."""
    page = await pages.open(**shown)  # type: ignore[arg-type]
    await page.context.set_extra_http_headers({"X-Forwarded-For": new_address()})
    await page.goto(letter.url)
    assert urlsplit(page.url).path == "/r"
    return page


async def entered(pages: Pages, letter: Letter, **shown: bool | int) -> Page:
    """The page once the code was given."""
    page = await opened(pages, letter, **shown)
    await page.get_by_label("Six-digit code").fill(letter.code)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("S. P.")).to_be_visible()
    return page


async def test_without_javascript(post: Post, pages: Pages) -> None:
    """From the square in the letter to the appointment, on a narrow telephone."""
    letter = await post.read_letter("telephone", time_zone="America/New_York")
    page = await entered(pages, letter, javascript=False, width=NARROW)
    await page.get_by_text(APPOINTMENT).click()
    await page.get_by_label("Day").fill("2026-12-07")
    await page.get_by_label("Time").fill("09:30")
    await page.get_by_role("button", name="Send the appointment").click()
    await expect(page.get_by_role("status")).to_contain_text("Thank you")
    await expect(page.get_by_text("7 Dec 2026, 09:30")).to_be_visible()
    referral = await post.shows(letter, fulfilment_status="accepted")
    assert referral["scheduled_at"] == "2026-12-07T14:30:00Z"
    assert referral["dispatch_status"] == "delivered"


async def test_by_keyboard_alone(post: Post, pages: Pages) -> None:
    """Tab, Enter, Space and letters lead to a decline with its reason; one sees where one is."""
    letter = await post.letter("keys")
    page = await opened(pages, letter)

    async def tab_to(words: str) -> None:
        for _ in range(30):
            await page.keyboard.press("Tab")
            focused = page.locator(":focus")
            label = await focused.evaluate("one => [...(one.labels ?? [])].map(l => l.innerText)")
            if words in (await focused.inner_text()) or any(words in one for one in label):
                outline = await focused.evaluate("one => getComputedStyle(one).outlineStyle")
                assert outline == "solid", f"nothing shows that {words} has the focus"
                return
        raise AssertionError(f"{words} cannot be reached")

    await page.keyboard.press("Tab")
    assert await page.locator(":focus").inner_text() == "Skip to the content"
    await tab_to("Six-digit code")
    await page.keyboard.type(letter.code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("S. P.")).to_be_visible()
    await tab_to(DECLINE)
    await page.keyboard.press("Space")
    await tab_to("Reason")
    await page.keyboard.type("No app")
    await tab_to("Note to the practice")
    await page.keyboard.type("Until March")
    await tab_to("Decline")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("will find somebody else")
    referral = await post.shows(letter, fulfilment_status="rejected")
    [said] = [one for one in referral["timeline"] if one["reason_code"]]
    assert (said["reason_code"], said["detail"]) == ("no_capacity", "rejected: Until March")


async def test_a_double_click_has_one_effect(post: Post, pages: Pages) -> None:
    """On the button of an answer."""
    letter = await post.letter("clicks")
    page = await entered(pages, letter)
    await page.get_by_text("We need more information first").click()
    await page.get_by_label("Note to the practice").locator("visible=true").fill("Any allergies?")
    await page.get_by_role("button", name="Ask the practice").dblclick()
    await expect(page.get_by_role("status")).to_contain_text("Your question is with")
    asked = await post.both.dispatch.database.fetchval(
        "SELECT answers FROM ereferral_dispatch.answer_link WHERE org_id = $1", post.org.id
    )
    assert asked == 1


async def test_every_state_is_fit_for_all(post: Post, pages: Pages) -> None:
    """Before the code, after a wrong one, with every form open, refused, sent, told, settled."""
    letter = await post.letter("states", time_zone="America/New_York")
    page = await opened(pages, letter)
    await assert_fit_for_all(page)
    await page.get_by_label("Six-digit code").fill(letter.wrong_code)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("4 tries are left")).to_be_visible()
    await assert_fit_for_all(page)
    await page.get_by_label("Six-digit code").fill(letter.code)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("S. P.")).to_be_visible()
    await open_all(page)
    await assert_fit_for_all(page)
    await page.evaluate("document.querySelectorAll('form').forEach(one => one.noValidate = true)")
    await page.get_by_role("button", name="Decline").click()
    await expect(page.get_by_text("This is needed.")).to_be_visible()
    await assert_fit_for_all(page)
    await page.locator("#declined-reason_code").select_option("other")
    await page.get_by_role("button", name="Decline").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await assert_fit_for_all(page)


async def test_what_is_shut_is_fit_for_all(post: Post, pages: Pages) -> None:
    """Withdrawn, and a link that leads nowhere."""
    letter = await post.letter("shut")
    await post.cancel(letter)
    page = await opened(pages, letter)
    await expect(page.get_by_role("alert")).to_contain_text("Withdrawn: do not book")
    await assert_fit_for_all(page)
    await page.goto(f"{post.edge.url}/r/{post.org.id}/nothing")
    await expect(page.get_by_role("heading")).to_have_text("This link leads nowhere")
    await assert_fit_for_all(page)


async def open_all(page: Page) -> None:
    """Every form at once: they close each other by their common name."""
    await page.evaluate(
        """document.querySelectorAll("details").forEach(one => {
          one.removeAttribute("name"); one.open = true;
        })"""
    )
