"""The desk in a real browser: fit for all, without JavaScript, by the keyboard, and live."""

from typing import Any

from playwright.async_api import Page, expect

from services.edge.tokens.token import TokenKind
from tests.support.browser.judging import assert_fit_for_all
from tests.support.browser.running import Pages
from tests.support.services.desk_practice import Practice

PERSON: dict[str, Any] = {"kind": TokenKind.PERSON, "actor": "u-17"}


async def opened(practice: Practice, pages: Pages, path: str, **shown: Any) -> Page:
    """A page of the practice, as somebody who is logged in has it."""
    visitor = await practice.visitor()
    page = await pages.open(**shown)
    cookie = {"name": "desk", "value": visitor.cookie, "url": practice.edge.url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]  # a TypedDict of theirs
    await page.goto(f"{practice.edge.url}/desk/{practice.org.id}{path}")
    return page


async def test_every_page_is_fit_for_all(practice: Practice, pages: Pages) -> None:
    """axe-core finds nothing, and nothing scrolls sideways, at 320 and 1280 pixels, light and dark;
    with every kind of form, with what was refused, and with nothing at all."""
    await practice.to_call("Carla Callahan-Montgomery", priority="stat")
    declined = await practice.delivered("Dora Declined", teeth=["3"], notes="A note.")
    await practice.answered(declined, "rejected", reason_code="no_capacity", note="Full.")
    page = await opened(practice, pages, "")
    base = page.url
    for path in ("", "/tasks/calls", "/tasks/held", "/referrals"):
        await page.goto(base + path)
        await assert_fit_for_all(page)
    await page.goto(f"{base}/referrals/{declined['id']}")
    for summary in await page.locator("details > summary").all():
        await summary.click()
    await page.get_by_label("The answer").select_option("completed")
    await page.get_by_label("Appointment").fill("2026-12-01T10:00")
    await page.get_by_role("button", name="Write it down").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await assert_fit_for_all(page)
    await page.context.clear_cookies()
    await page.goto(base)
    await expect(page.get_by_role("heading", name="Log in to the desk")).to_be_visible()
    await assert_fit_for_all(page)


async def test_a_day_at_the_desk_without_javascript(practice: Practice, pages: Pages) -> None:
    """Log in, see who waits, write down two calls; the next row opens by itself."""
    for name in ("Anna Call", "Bert Call"):
        await practice.to_call(name)
    token = practice.edge.token(practice.org.id, **PERSON)
    page = await pages.open(f"{practice.edge.url}/desk", javascript=False)
    await page.get_by_label("Your token").fill(token)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("link", name="2 Calls due").click()
    await expect(page.locator("#opened h2")).to_have_text("Anna Call")
    await page.get_by_role("button", name="Reached").click()
    await expect(page.locator("#opened h2")).to_have_text("Bert Call")
    await expect(page.get_by_role("status").first).to_contain_text("The call is written down.")
    await page.get_by_role("button", name="No answer").click()
    await expect(page.locator("main")).to_contain_text("Nothing waits here any more.")


async def test_the_keyboard_alone_suffices(practice: Practice, pages: Pages) -> None:
    """Each stop is seen, the first one skips the frame, and Enter does what a click does."""
    await practice.to_call("Anna Call")
    page = await opened(practice, pages, "/tasks/calls")
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Skip to the content")
    await page.keyboard.press("Enter")
    for _ in range(20):
        await page.keyboard.press("Tab")
        width = await page.evaluate(
            "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        )
        assert width >= 2, await page.evaluate("document.activeElement.outerHTML")
        if await page.evaluate("document.activeElement.value") == "reached":
            break
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("Nothing waits here any more.")


async def test_a_page_reads_itself_again_and_leaves_who_types_alone(
    practice: Practice, pages: Pages
) -> None:
    """The list grows while somebody types beside it: no letter is lost, and the focus stays."""
    await practice.to_call("Anna Call")
    page = await opened(practice, pages, "/tasks/calls")
    note = page.locator("input[name=note]")
    await note.fill("They are closed until")
    await practice.to_call("Bert Call")
    await expect(page.locator("#rows")).to_contain_text("Bert Call")
    await page.keyboard.type(" Monday")
    await expect(note).to_be_focused()
    await expect(note).to_have_value("They are closed until Monday")
    assert await page.locator("#opened h2").inner_text() == "Anna Call"


async def test_what_changes_under_a_form_in_use_is_told_beside_it(
    practice: Practice, pages: Pages
) -> None:
    """Another person does it meanwhile: the form stays, and a line says that something changed."""
    await practice.to_call("Anna Call")
    page = await opened(practice, pages, "/tasks/calls")
    note = page.locator("input[name=note]")
    await note.fill("I am on the phone")
    other = await practice.visitor(actor="lee")
    form = (await other.open("/tasks/calls")).form("ereferral.complete_call")
    await other.press(form, outcome="no_answer")
    await expect(page.get_by_text("Something here has changed")).to_be_visible()
    await expect(note).to_have_value("I am on the phone")
    await page.get_by_role("button", name="Reached").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Somebody was quicker")


async def test_two_people_see_each_other_without_a_click(practice: Practice, pages: Pages) -> None:
    """The first page counts what is done elsewhere by itself; an open row stays open, as it is now,
    and so does what was unfolded in it."""
    await practice.to_call("Anna Call")
    page = await opened(practice, pages, "")
    await expect(page.locator("#tasks")).to_contain_text("1 Calls due")
    row = await opened(practice, pages, "/tasks/calls")
    await row.get_by_text("What happened").click()
    await row.locator("#main").click(position={"x": 2, "y": 2})
    other = await practice.visitor(actor="lee")
    form = (await other.open("/tasks/calls")).form("ereferral.complete_call")
    await other.press(form, outcome="reached")
    await expect(page.locator("#tasks")).to_contain_text("Nothing waits for you.")
    await expect(row.locator("#rows")).to_contain_text("Nothing waits here any more.")
    await expect(row.locator("#opened h2")).to_have_text("Anna Call")
    await expect(row.locator("#opened .steps")).to_contain_text("lee")
    await expect(row.get_by_role("button", name="Reached")).to_have_count(0)
