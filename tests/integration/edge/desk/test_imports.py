"""The page of rows that could not be imported, with the connectors that read them."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from contracts.connecting import System
from ops.stubs.alfadocs import AlfaDocsStub
from ops.stubs.alfadocs import served as alfadocs_served
from ops.stubs.opendental import served
from tests.integration.connectors.practice import practice as practice_there
from tests.support.connectors.running import Connectors, connectors_beside
from tests.support.services.both import Both
from tests.support.services.desk_practice import Practice
from tests.support.waiting import until

WITHIN_SECONDS = 30.0


async def test_where_nobody_runs_connectors_the_page_says_so(practice: Practice) -> None:
    """Nothing links to it; whoever has its address is told what to do, and not of an error."""
    visitor = await practice.visitor()
    assert not any(link.endswith("/imports") for link in (await visitor.open()).links)
    page = await visitor.open("/imports")
    assert page.status == 200
    assert "Nothing is imported here." in page.text
    assert "handoff serve connectors, then handoff connection add." in page.text


@pytest_asyncio.fixture(scope="module")
async def connectors(
    both: Both, new_postgres_database: Callable[[], str]
) -> AsyncIterator[Connectors]:
    """Connectors that begin to run beside the others."""
    async with connectors_beside(both.referrals, new_postgres_database()) as running:
        yield running


async def test_a_row_that_waits_is_decided(connectors: Connectors, practice: Practice) -> None:
    """It says why it waits, without a value; the button that is pressed is done by the next run."""
    org = practice.org
    held = await org.partner(first_name="Norm", last_name="Davidson", phone="+15033635432")
    stub = practice_there()
    stub.referral(1, Telephone="5033635432", Note="Told there alone")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        visitor = await practice.visitor()

        async def is_linked() -> bool:
            return any(link.endswith("/imports") for link in (await visitor.open()).links)

        await until(is_linked, WITHIN_SECONDS)
        home = await visitor.open()
        assert "1 Row to decide about" in home.text and "Nothing waits for you" not in home.text
        page = await visitor.open("/imports")
        assert page.status == 200
        assert "Partner 1 · main" in page.text
        assert "Somebody of that name is here already" in page.text
        assert "Told there alone" not in page.text
        (link,) = [one for one in page.links if "/partners/" in one]
        assert link.endswith(held["id"]) and "Norm Davidson" in page.text
        buttons = ("Take theirs", "Keep ours")
        assert not any(button in page.text for button in buttons)
        assert page.form("import_row.resolve", "-link").id.endswith("-link")
        (waiting,) = await connected.rows(resolved=False)
        (decide,) = [form for form in page.forms if form.id == f"row-{waiting['id']}"]
        shown = await visitor.press(decide, resolution="create")
        assert "Written down." in shown.text
        await connected.finished(1)
        assert "No row waits." in (await visitor.open("/imports")).text
        listed = (await org.ask("referral_partner.list")).data["items"]
        assert [one["last_name"] for one in listed] == ["Davidson", "Davidson"]
        done = await visitor.open("/imports?resolved=true")
        assert "Partner 1 · main" in done.text and not done.does("import_row.resolve")


async def test_a_row_is_linked_with_the_one_that_is_shown(
    connectors: Connectors, practice: Practice
) -> None:
    """One click, no id: it becomes what is here already."""
    org = practice.org
    held = await org.partner(first_name="Norm", last_name="Davidson", phone="+15033635432")
    stub = practice_there()
    stub.referral(1, Telephone="5033635432", City="")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        visitor = await practice.visitor()
        page = await visitor.open("/imports")
        await visitor.press(page.form("import_row.resolve", "-link"))
        await connected.finished(1)
        assert await connected.uuid("partner", 1) == held["id"]
        assert "No row waits." in (await visitor.open("/imports")).text


async def test_a_person_says_which_source_a_number_means(
    connectors: Connectors, practice: Practice
) -> None:
    """Its patients waited for it; each number is asked once, and nothing but a source is offered
    for it."""
    org = practice.org
    source = await org.ask("referral_source.create", name="Google", category="organic_search")
    stub = AlfaDocsStub()
    for number in (1, 2):
        stub.patient(number, firstName=f"Anna {number}", lastName="Neri", sourceId=283)
    async with alfadocs_served(stub):
        options = {"base": stub.url, "practice": stub.practice, "archive": stub.archive}
        connected = await connectors.add(
            org, System.ALFADOCS, "archive", options, {"api_key": stub.api_key}
        )
        await connected.finished()
        visitor = await practice.visitor()
        page = await visitor.open("/imports")
        shown = [form for form in page.forms if ("_operation", "source_map.set") in form.said]
        assert len(shown) == 1 and page.text.count("Source 283 · archive") == 1
        assert "Patient 1" not in page.text
        done = await visitor.press(shown[0], referral_source_uuid=source.data["id"])
        assert "The patients who waited for it come in" in done.text
        await connected.finished(1)
        names = [one["name"] for one in (await org.ask("patient.list")).data["items"]]
        assert sorted(names) == ["Anna 1 Neri", "Anna 2 Neri"]
        assert "No row waits." in (await visitor.open("/imports")).text


async def test_who_may_not_decide_sees_no_button(
    connectors: Connectors, practice: Practice
) -> None:
    """And who may not look has no page."""
    visitor = await practice.visitor(operations=["intake.*"])
    assert (await visitor.open("/imports")).status == 403
    assert not any(link.endswith("/imports") for link in (await visitor.open()).links)
