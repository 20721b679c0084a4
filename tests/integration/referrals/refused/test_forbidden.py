"""Every operation of referrals, asked by a client whose grant does not hold it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from contracts.catalogue import OPERATIONS, AnyOperation
from contracts.operations import Service
from messaging.replies.client import Client, Reply, open_client
from tests.support.refusals import problem
from tests.support.services.referrals import migrated, new_org_id, running_referrals

OF_REFERRALS = {name: o for name, o in OPERATIONS.items() if o.service is Service.REFERRALS}
GRANTED, ANOTHER = new_org_id(), new_org_id()
# The one thing that may be done, so that a message id can have been used.
_PUT = {"name": "Main Street Dental", "observed_at": "2026-01-05T08:00:00Z"}
WHEN: dict[str, dict[str, Any]] = {
    "the client says nobody": {},
    "the org is another": {"says": True, "org_id": ANOTHER},
    "the operation is another": {"says": True},
    "the fields are wrong too": {"says": True, "fields": {"nonsense": 1}},
    "the message id was used": {"says": True, "used": True},
}


class Asker:
    """A client with a grant for nothing but `practice.put` in one org."""

    def __init__(self, client: Client, user: str) -> None:
        self._client = client
        self._user = user
        self._used = uuid4()

    async def use_an_id(self) -> None:
        """What is granted is done."""
        done = await self._ask("referrals.commands", "practice.put", self._used, True, _PUT)
        assert done.status == 200, done

    async def __call__(
        self,
        operation: AnyOperation,
        *,
        says: bool = False,
        used: bool = False,
        to: str | None = None,
        org_id: str = GRANTED,
        fields: Any = None,
    ) -> Reply:
        """Ask for the operation; `says`: under the client's own name."""
        message_id = self._used if used else uuid4()
        body = {"org_id": org_id, **(fields or {})}
        return await self._ask(to or operation.exchange, operation.name, message_id, says, body)

    async def _ask(
        self, exchange: str, operation: str, message_id: UUID, says: bool, body: Any
    ) -> Reply:
        return await self._client.call(
            exchange,
            operation,
            {"org_id": GRANTED, **body},
            message_id=message_id,
            user_id=self._user if says else None,
        )


@pytest.fixture(scope="module")
def user(rabbitmq_vhost: str) -> str:
    """The AMQP user that the client has."""
    return urlsplit(rabbitmq_vhost).username or ""


@pytest.fixture(scope="module")
def grants(user: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says what the client may do."""
    path: Path = tmp_path_factory.mktemp("grants") / "grants.toml"
    path.write_text(
        f'[[clients]]\nuser = "{user}"\norgs = ["{GRANTED}"]\noperations = ["practice.put"]\n'
    )
    return path


@pytest_asyncio.fixture(scope="module")
async def ask(
    postgres_database: str, rabbitmq_vhost: str, user: str, grants: Path
) -> AsyncIterator[Asker]:
    """The client; a replica that knows its grant runs."""
    await migrated(postgres_database)
    async with (
        running_referrals(postgres_database, rabbitmq_vhost, client_grants_file=grants),
        open_client(rabbitmq_vhost) as client,
    ):
        asker = Asker(client, user)
        await asker.use_an_id()
        yield asker


@pytest.mark.parametrize("operation", [name for name in OF_REFERRALS if name != "practice.put"])
async def test_what_is_not_granted_is_forbidden_before_anything_of_it_is_judged(
    ask: Asker, operation: str
) -> None:
    """403: without a name, for another org, for this operation; before repeats and fields."""
    asked = (ask(OF_REFERRALS[operation], **how) for how in WHEN.values())
    for when, answered in zip(WHEN, await asyncio.gather(*asked), strict=True):
        assert problem(answered, 403, "forbidden")["errors"] == [], when


async def test_what_is_granted_in_one_org_is_forbidden_in_another_and_to_who_says_no_name(
    ask: Asker,
) -> None:
    """The one operation of the grant."""
    put = OF_REFERRALS["practice.put"]
    problem(await ask(put, fields=_PUT), 403, "forbidden")
    problem(await ask(put, says=True, org_id=ANOTHER, fields=_PUT), 403, "forbidden")
    problem(await ask(put, says=True, used=True), 409, "message_id_reused")


@pytest.mark.parametrize("operation", OF_REFERRALS)
async def test_form_and_operation_come_before_the_grant(ask: Asker, operation: str) -> None:
    """400 for what is malformed or unknown to the queue, whoever asks."""
    wanted = OF_REFERRALS[operation]
    malformed = await ask(wanted, org_id="not an org")
    problem(malformed, 400, "malformed_message")
    (other,) = {"referrals.commands", "referrals.queries"} - {wanted.exchange}
    problem(await ask(wanted, to=other), 400, "unknown_operation")
