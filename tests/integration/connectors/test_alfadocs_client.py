"""AlfaDocs' client against the stand-in, and its OAuth2."""

from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from contracts.connecting import ConnectionFailureCode as Code
from ops.stubs.alfadocs import AlfaDocsStub, served
from ops.stubs.faults import Fault, Wrong
from services.connectors.alfadocs.client import AlfaDocs, ApiKey, Authorization
from services.connectors.alfadocs.oauth import OAuthApp, begin, code_in, exchange, refresh
from services.connectors.alfadocs.rows import read_operator, read_patient
from services.connectors.asking.answers import Answered, RunFailed
from services.connectors.asking.asker import Asker
from services.connectors.asking.http import is_success
from services.connectors.rules.paging import Asked
from tests.support.connectors.asking import asker

PHONES = [{"id": "1", "prefix": "+39", "number": "3471234567", "smsEnabled": True}]


@pytest.fixture
async def stub() -> AsyncIterator[AlfaDocsStub]:
    one = AlfaDocsStub()
    one.patient(1, firstName="Mario", lastName="Rossi", phoneNumbers=PHONES, sourceId=283)
    one.operator(33963, "Giulia Bianchi")
    async with served(one):
        yield one


@pytest.fixture
async def asks() -> AsyncIterator[Asker]:
    async with asker() as made:
        yield made


def client(stub: AlfaDocsStub, asks: Asker, authorization: Authorization | None = None) -> AlfaDocs:
    signing = authorization or ApiKey(stub.api_key)
    return AlfaDocs(asks, signing, stub.url, stub.practice, stub.archive)


async def test_patients_come_in_results_and_the_rest_in_data(
    stub: AlfaDocsStub, asks: Asker
) -> None:
    """Two shapes of one API; each row is read without a refused field."""
    page = await client(stub, asks).patients(Asked(0))
    operators = await client(stub, asks).operators()
    assert page.total == 1
    read = [read_patient(page.rows[0]), read_operator(operators[0])]
    assert all(one.row is not None and one.refused == () for one in read)


async def test_another_archive_is_wrong(stub: AlfaDocsStub, asks: Asker) -> None:
    """A key of another archive must bring nothing of its patients here."""
    await client(stub, asks).check_archive()
    other = AlfaDocs(asks, ApiKey(stub.api_key), stub.url, stub.practice, stub.archive + 1)
    with pytest.raises(RunFailed) as failed:
        await other.check_archive()
    assert failed.value.code is Code.WRONG_ARCHIVE


async def test_without_me_nothing_is_objected(stub: AlfaDocsStub, asks: Asker) -> None:
    """Its API page does not have it."""
    stub.has_me = False
    await client(stub, asks).check_archive()
    assert stub.faults.asked[-1].status == 404


async def test_a_wrong_key_stops_at_once(stub: AlfaDocsStub, asks: Asker) -> None:
    """One request and no retry."""
    with pytest.raises(RunFailed) as failed:
        await client(stub, asks, ApiKey("other")).operators()
    assert failed.value.code is Code.UNAUTHORIZED and len(stub.faults.asked) == 1


async def test_the_stand_in_refuses_long_pages_long_ranges_and_two_credentials(
    stub: AlfaDocsStub, asks: Asker
) -> None:
    """400, 400 and 401, as the real one."""
    url = f"{stub.url}/practices/7/archives/3"
    key = {"X-Api-Key": stub.api_key}
    long_page = await asks.once("GET", f"{url}/patients", headers=key, query={"limit": "101"})
    dates = {"dateStart": "2026-01-01", "dateEnd": "2026-02-01"}
    long_range = await asks.once("GET", f"{url}/appointments", headers=key, query=dates)
    assert [long_page, long_range] == [Answered(400, None)] * 2
    both = await asks.once("GET", f"{url}/operators", headers={**key, "Authorization": "Bearer x"})
    assert not is_success(both)


async def test_a_letter_is_filed_with_exactly_its_four_fields(
    stub: AlfaDocsStub, asks: Asker
) -> None:
    """And is found by its name after an upload whose end nobody heard."""
    stub.faults.add(Fault(Wrong.DONE_UNANSWERED, "/documents"))
    archive = client(stub, asks)
    outcome = await archive.upload_letter(1, "referral-0123.pdf", "JVBERg==")
    assert not is_success(outcome)
    assert [one["name"] for one in await archive.documents_of(1)] == ["referral-0123.pdf"]


@pytest.fixture
def app(stub: AlfaDocsStub) -> OAuthApp:
    return OAuthApp(
        stub.client_id,
        stub.client_secret,
        "https://handoff.example/callback",
        "patients:read operators:read",
        f"{stub.root}/oauth2/authorize",
        f"{stub.root}/oauth2/token",
    )


async def _allowed(url: str) -> str:
    """Where a person's browser ends who allows the access."""
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(url, allow_redirects=False) as answer,
    ):
        return answer.headers["Location"]


async def test_a_code_becomes_tokens_once(stub: AlfaDocsStub, asks: Asker, app: OAuthApp) -> None:
    """With PKCE: the verifier that belongs to the challenge, and a code that is good once."""
    begun = begin(app)
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["state"] == [begun.state]
    code = code_in(await _allowed(begun.url), begun.state)
    tokens = await exchange(asks, app, code, begun.verifier)
    assert tokens.access_token in stub.access_tokens and tokens.expires_in_seconds == 3600
    with pytest.raises(RunFailed):
        await exchange(asks, app, code, begun.verifier)


async def test_a_code_of_another_attempt_is_refused(app: OAuthApp) -> None:
    """The state does not match: somebody else's browser was led here."""
    begun, other = begin(app), begin(app)
    back = await _allowed(begun.url)
    with pytest.raises(ValueError, match="no code"):
        code_in(back, other.state)


async def test_a_refresh_token_is_good_once(stub: AlfaDocsStub, asks: Asker, app: OAuthApp) -> None:
    """Law 16 begins here: used again it is refused, and nothing is tried again."""
    _, first = stub.grant()
    renewed = await refresh(asks, app, first)
    assert renewed.refresh_token != first
    with pytest.raises(RunFailed) as failed:
        await refresh(asks, app, first)
    assert failed.value.code is Code.NEEDS_REAUTHORIZATION and stub.refreshes == 2


class OneOther:
    """A token that is refused once, and one that is not."""

    def __init__(self, old: str, new: str) -> None:
        self.token, self.new, self.renewed = old, new, 0

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        self.token, self.renewed = self.new, self.renewed + 1
        return True


async def test_after_a_401_another_token_is_tried_once(stub: AlfaDocsStub, asks: Asker) -> None:
    """Law 14, of one request: the row comes with the second token."""
    good, _ = stub.grant()
    signing = OneOther("stale", good)
    page = await client(stub, asks, signing).patients(Asked(0))
    assert page.total == 1 and signing.renewed == 1
    with pytest.raises(RunFailed) as failed:
        await client(stub, asks, OneOther("stale", "stale too")).operators()
    assert failed.value.code is Code.UNAUTHORIZED
