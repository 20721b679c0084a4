"""The links themselves: who gets in, what a scanner changes, and what is left nowhere."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from services.edge.answer_pages.cookies import Cookies, Held
from tests.integration.edge.answer_pages.partner import (
    Browser,
    Letter,
    Post,
    browser,
    form_in,
    forms_of,
)
from tests.support.services.desk import at_the_desk
from tests.support.services.edge import running_edge

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


async def unchanged(post: Post, letter: Letter, before: dict[str, object]) -> None:
    """Nobody opened it: the e-referral is as it was, and no code was counted."""
    assert await post.ereferral(letter) == before
    tried = await post.both.dispatch.database.fetchval(
        "SELECT wrong_codes FROM ereferral_dispatch.answer_link WHERE org_id = $1", post.org.id
    )
    assert tried == 0


async def commands(post: Post) -> int:
    """How many commands dispatch has heard, refused ones too."""
    heard = await post.both.dispatch.database.fetchval(
        "SELECT count(*) FROM ereferral_dispatch.inbox WHERE org_id = $1", post.org.id
    )
    return int(heard)


async def test_the_token_leaves_the_address_bar(post: Post) -> None:
    """For a cookie that no script reads and no other site sends, and that is of these pages alone;
    the page is nobody's to keep, frame or tell of."""
    letter = await post.letter("leaves")
    partner = browser(post.edge)
    went = await partner.ask("GET", urlsplit(letter.url).path, follow=False)
    assert (went.status, went.headers["location"]) == (303, "/r")
    said = went.headers["set-cookie"]
    assert said.startswith("answer=") and "Path=/r" in said
    assert "HttpOnly" in said and "SameSite=lax" in said
    assert "Max-Age" not in said and "expires" not in said
    page = await partner.ask("GET", "/r")
    for shown in (went, page):
        assert shown.headers["content-security-policy"] == POLICY
        assert shown.headers["cache-control"] == "no-store"
        assert shown.headers["referrer-policy"] == "no-referrer"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.headers["strict-transport-security"] == "max-age=31536000"
    assert letter.token not in page.html and letter.code not in page.html
    typed = letter.token.replace("-", "").lower()
    again = await browser(post.edge).ask("GET", f"/r/{post.org.id}/{typed}")
    assert forms_of(again) == ["code"]


async def test_scanners_change_nothing(post: Post) -> None:
    """A hundred requests that follow the link and press its button: no change."""
    letter = await post.letter("scanned")
    before = await post.ereferral(letter)

    async def scan() -> list[int]:
        scanner = browser(post.edge)
        page = await scanner.open(letter)
        head = await scanner.ask("HEAD", urlsplit(letter.url).path, follow=False)
        pressed = await scanner.press(form_in(page, "code"))
        forged = form_in(page, "code").said
        answered = [(name, "completed" if name == "_form" else value) for name, value in forged]
        answer = await scanner.ask("POST", "/r", answered)
        return [page.status, head.status, pressed.status, answer.status]

    scanned = await asyncio.gather(*(scan() for _ in range(25)))
    assert scanned == [[200, 303, 422, 403]] * 25
    await unchanged(post, letter, before)


async def test_no_link_is_told_from_another(post: Post) -> None:
    """Unknown, malformed, another org's, no cookie at all: one page, 404."""
    letter = await post.letter("unknown")
    paths = (
        f"/r/{post.org.id}/01234-56789-ABCDE-FGHJK",
        f"/r/{post.org.id}/nonsense",
        f"/r/{post.org.id}/{'x' * 500}",
        f"/r/{post.org.id}/%F0%9F%90%A6",
        f"/r/org_nobody/{letter.token}",
        f"/r/%20/{letter.token}",
        "/r",
        "/r/",
        f"/r/{post.org.id}/{letter.token}/more",
    )
    found = [await browser(post.edge).ask("GET", path) for path in paths]
    assert {(one.status, one.html) for one in found} == {(404, found[0].html)}
    assert "This link leads nowhere" in found[0].text and found[0].forms == []


async def test_five_wrong_codes_lock_it(post: Post) -> None:
    """Each says how many are left; then the right one is refused, the desk shows it, and a renewal
    gives another link and code."""
    letter = await post.letter("guessed")
    partner = browser(post.edge)
    page = await partner.open(letter)
    for left in ("4 tries are", "3 tries are", "2 tries are", "1 try is"):
        page = await partner.press(form_in(page, "code"), code=letter.wrong_code)
        assert page.status == 422 and f"{left} left" in page.text
    last = form_in(page, "code")
    locked = await partner.press(last, code=letter.wrong_code)
    right = await partner.press(last, code=letter.code)
    anew = await browser(post.edge).open(letter)
    for shut in (locked, right, anew):
        assert (shut.status, shut.forms) == (409, [])
        assert "This link is locked" in shut.text
    person = await at_the_desk(post.edge, post.org.id)
    assert "1 Locked answer links" in (await person.open()).text

    renewed = await post.both.ask_dispatch(
        post.org, "answer_link.renew", ereferral_uuid=letter.ereferral
    )
    assert renewed.status == 200
    another = Letter(letter.referral, renewed.data["url"], renewed.data["code"])
    assert "appointment" in forms_of(await browser(post.edge).enter(another))
    assert (await browser(post.edge).open(letter)).status == 404


async def test_a_code_is_counted_once(post: Post) -> None:
    """A double click on a wrong one, and what are no six digits: one try in all."""
    letter = await post.letter("counted")
    partner = browser(post.edge)
    form = form_in(await partner.open(letter), "code")
    twice = await asyncio.gather(*(partner.press(form, code=letter.wrong_code) for _ in range(2)))
    assert ["4 tries are left" in one.text for one in twice] == [True, True]
    page = await partner.press(form_in(twice[0], "code"), code="12 34")
    assert page.status == 422 and "The code has six digits." in page.text
    page = await partner.press(form_in(page, "code"), code=letter.wrong_code)
    assert "3 tries are left" in page.text


async def test_what_was_cancelled_is_not_to_be_booked(post: Post) -> None:
    """Before the code and on a page that stood open: withdrawn, no form, and no command."""
    letter = await post.letter("withdrawn")
    partner = browser(post.edge)
    form = form_in(await partner.enter(letter), "accepted")
    await post.cancel(letter)
    before, asked = await post.ereferral(letter), await commands(post)
    late = await partner.press(form, note="Monday")
    assert late.status == 409
    fresh = await browser(post.edge).open(letter)
    assert fresh.status == 200
    for shown in (late, fresh, await partner.ask("GET", "/r")):
        assert "Withdrawn: do not book" in shown.text and "+1 202-555-0101" in shown.text
        assert shown.forms == []
    assert await post.ereferral(letter) == before
    assert await commands(post) == asked


async def test_an_expired_link_is_gone(post: Post) -> None:
    """410, and whom to call."""
    letter = await post.letter("expired")
    await post.both.dispatch.database.execute(
        "UPDATE ereferral_dispatch.answer_link SET expires_at = $2 WHERE org_id = $1",
        *(post.org.id, datetime.now(UTC) - timedelta(minutes=1)),
    )
    gone = await browser(post.edge).open(letter)
    assert (gone.status, gone.forms) == (410, [])
    assert "no longer in use" in gone.text and "call the practice" in gone.text


async def test_after_half_an_hour_the_code_is_asked_for_again(post: Post) -> None:
    """What was written is shown, and nothing was sent."""
    letter = await post.letter("slow")
    partner = browser(post.edge)
    form = form_in(await partner.enter(letter), "declined")
    cookies = Cookies(post.edge.edge.desk.signer)
    held = Held(post.org.id, letter.token, str(uuid4()), f"1764000000.{'A' * 43}")
    sealed = cookies.sealed(held)
    partner.cookies["answer"] = sealed
    late = await partner.press(form, reason_code="other", note="We are full")
    assert late.status == 403
    assert "30 minutes have passed" in late.text and "We are full" in late.text
    assert forms_of(late) == ["code"]
    again = await partner.press(form_in(late, "code"), code=letter.code)
    assert "None yet" in again.text and "declined" in forms_of(again)


async def test_another_sites_form_is_not_taken(post: Post) -> None:
    """403 without the page's own token, and where the browser says that another site sent it."""
    letter = await post.letter("forged")
    before = await post.ereferral(letter)
    partner = browser(post.edge)
    form = form_in(await partner.open(letter), "code")
    said = [("code", letter.code), ("_form", "code"), ("_key", "k")]
    made_up = [("_csrf", "x"), *said]
    from_elsewhere = [("_csrf", form.value("_csrf")), *said]
    for given, site in (
        (said, "same-origin"),
        (made_up, "same-origin"),
        (from_elsewhere, "cross-site"),
    ):
        refused = await partner.ask("POST", "/r", given, headers={"Sec-Fetch-Site": site})
        assert (refused.status, refused.forms) == (403, [])
    no_form = await partner.ask("POST", "/r", headers={"Content-Type": "application/json"})
    assert no_form.status == 415
    await unchanged(post, letter, before)


async def test_an_address_may_ask_thirty_times_a_minute(post: Post) -> None:
    """Whatever it asks; another one is not kept waiting."""
    letter = await post.letter("often")
    partner = browser(post.edge)
    asked = [await partner.ask("GET", urlsplit(letter.url).path, follow=False) for _ in range(31)]
    assert [one.status for one in asked] == [303] * 30 + [429]
    assert 1 <= int(asked[-1].headers["retry-after"]) <= 2
    assert "Please wait a minute" in asked[-1].text
    assert (await browser(post.edge).open(letter)).status == 200


async def test_behind_a_proxy_the_cookie_is_secure(post: Post) -> None:
    """Where the browser speaks HTTPS to the proxy; in clear text nothing is shown."""
    letter = await post.letter("proxied")
    path = urlsplit(letter.url).path
    named = {"Host": "answer.example.org", "X-Forwarded-For": "203.0.113.9"}
    https = {**named, "X-Forwarded-Proto": "https"}
    went = await browser(post.edge).ask("GET", path, headers=https, follow=False)
    assert went.headers["set-cookie"].startswith("__Secure-answer=")
    assert "Secure" in went.headers["set-cookie"]
    plain = await browser(post.edge).ask("GET", path, headers=named, follow=False)
    assert plain.status == 403 and "set-cookie" not in plain.headers


async def test_where_the_services_are_away_what_was_typed_is_kept(
    post: Post, new_rabbitmq_vhost: object, tmp_path: Path
) -> None:
    """503, and the form with all of it, to be sent again."""
    assert callable(new_rabbitmq_vhost)
    async with running_edge(new_rabbitmq_vhost(), tmp_path, wait_until_ready=False) as edge:
        cookies = Cookies(edge.edge.desk.signer)
        held = Held("org_1", "01234-56789-ABCDE-FGHJK", str(uuid4()), f"1764000000.{'A' * 43}")
        partner = Browser(edge.session, edge.url, cookies={"answer": cookies.sealed(held)})
        page = await partner.ask("GET", "/r")
        assert page.status == 503 and "The service is away" in page.text
        said = [
            *(("_csrf", cookies.form_token(held)), ("_form", "question"), ("_key", "k1")),
            ("note", "Any allergies?"),
        ]
        kept = await partner.ask("POST", "/r", said)
        assert kept.status == 503 and "Any allergies?" in kept.text
        assert kept.forms[0].said == said


async def test_nothing_of_it_is_logged_or_counted(
    post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    """No name, token or code in a log, a metric, or an address after the first."""
    letter = await post.letter("silent")
    partner = browser(post.edge)
    page = await partner.open(letter)
    page = await partner.press(form_in(page, "code"), code=letter.wrong_code)
    page = await partner.press(form_in(page, "code"), code=letter.code)
    await partner.press(form_in(page, "question"), note="Kanarienvogel")
    logged = capsys.readouterr()
    metrics = (await post.edge.get(f"{post.edge.ops_url}/metrics")).body.decode()
    written = logged.out + logged.err + metrics
    assert "/r/{org_id}/{token}" in logged.out + logged.err and 'route="/r"' in metrics
    secrets = [letter.token, letter.token.replace("-", ""), letter.code, letter.wrong_code]
    secrets += ["Sample", "S. P.", "Kanarienvogel", partner.cookies["answer"]]
    assert [one for one in secrets if one in written] == []
    first, *later = partner.seen
    assert letter.token in first
    assert set(later) == {"/r", "/r?sent=question"}
