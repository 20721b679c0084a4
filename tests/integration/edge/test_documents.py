"""The document that the edge serves, and the page that shows it."""

import json
from pathlib import Path

from ops.environment import CHECKOUT
from services.edge.app import document
from tests.support.browser.running import MIDDLE, NARROW, WIDE, Pages, show
from tests.support.services.both import Both
from tests.support.services.edge import RunningEdge, running_edge

SHOWN_WITHIN_MILLISECONDS = 60_000
SIDEWAYS = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


async def test_the_document_is_the_committed_one_and_public(edge: RunningEdge) -> None:
    """OpenAPI 3.1, without a token."""
    served = await edge.get(f"{edge.url}/openapi.json")
    assert served.status == 200
    assert served.data == json.loads((CHECKOUT / "docs" / "openapi" / "edge.json").read_text())
    assert served.data["openapi"] == "3.1.0"


async def test_the_page_shows_every_operation_and_asks_nobody_else(
    edge: RunningEdge, pages: Pages
) -> None:
    """In a browser whose requests are all to the edge and answered, without a fault on its console;
    nothing is wider than the window, on a phone neither. Its policy lets nothing else in."""
    operations = sum(len(path) for path in document()["paths"].values())
    page = await pages.open(width=NARROW)
    answers: list[tuple[str, int]] = []
    faults: list[str] = []
    page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    opened = await page.goto(f"{edge.url}/docs", timeout=SHOWN_WITHIN_MILLISECONDS)
    assert opened is not None
    assert opened.headers["content-security-policy"].startswith("default-src 'none'; ")
    shown = page.locator(".opblock")
    await shown.first.wait_for(timeout=SHOWN_WITHIN_MILLISECONDS)
    assert await shown.count() == operations >= 77
    for width in (NARROW, MIDDLE, WIDE):
        await show(page, width=width, scheme="dark")
        assert await page.evaluate(SIDEWAYS) == 0
    assert len(answers) >= 6
    assert {status for _, status in answers} == {200}
    assert [url for url, _ in answers if not url.startswith(f"{edge.url}/")] == []
    assert faults == []


async def test_pages_of_the_operator_are_not_public(edge: RunningEdge) -> None:
    """Figures and health are on another port."""
    for path in ("/metrics", "/health/ready", "/health/live"):
        answered = await edge.get(f"{edge.url}{path}")
        assert answered.refusal == (404, "no_such_route", [["path"]])
        assert (await edge.get(f"{edge.ops_url}{path}")).status == 200


async def test_cors_is_off_and_opens_to_those_that_are_named(edge: RunningEdge) -> None:
    """Without an origin set, no page of another host is told anything."""
    answered = await edge.get(f"{edge.url}/openapi.json", Origin="https://desk.example.com")
    assert not [name for name in answered.headers if name.startswith("access-control-")]


async def test_a_page_of_an_origin_that_is_named_may_ask(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """It may send what the interface takes, and read what it answers; no other page may."""
    ours, theirs = "https://desk.example.com", "https://elsewhere.example.com"
    async with running_edge(rabbitmq_vhost, tmp_path, cors_origins=(ours,)) as edge:
        url = f"{edge.url}/api/v1/org_1/referral-partners"
        asked = {
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization, if-match, idempotency-key",
        }
        for origin, status, allowed in ((ours, 200, ours), (theirs, 400, None)):
            async with edge.session.options(url, headers={"Origin": origin, **asked}) as answer:
                assert answer.status == status
                assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        shown = await edge.get(url, Origin=ours)
        assert "ETag" in shown.headers["access-control-expose-headers"]
