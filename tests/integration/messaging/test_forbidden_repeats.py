"""A 403 is not stored: once the grant is there, the same message is done."""

from pathlib import Path
from uuid import uuid4

from sqlalchemy.engine import make_url

from messaging.replies.client import Reply, open_client
from tests.support.refusals import problem
from tests.support.services.referrals import migrated, new_org_id, running_referrals


async def test_what_was_forbidden_is_done_when_it_is_granted(
    postgres_database: str, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """A repeat is asked for its grant as well; with it, the first reply is still there."""
    await migrated(postgres_database)
    org_id, message_id = new_org_id(), uuid4()
    user = make_url(rabbitmq_vhost).username
    grants = tmp_path / "grants.toml"

    async def send(operations: str) -> Reply:
        grants.write_text(
            f'[[clients]]\nuser = "{user}"\norgs = ["{org_id}"]\noperations = [{operations}]\n'
        )
        async with (
            running_referrals(postgres_database, rabbitmq_vhost, client_grants_file=grants),
            open_client(rabbitmq_vhost) as client,
        ):
            return await client.call(
                "referrals.commands",
                "referral_partner.create",
                {"org_id": org_id, "first_name": "Ann", "last_name": "Archer"},
                message_id=message_id,
                user_id=user,
            )

    problem(await send('"patient.*"'), 403, "forbidden")
    first = await send('"referral_partner.*"')
    assert first.status == 201
    problem(await send('"patient.*"'), 403, "forbidden")
    assert await send('"*"') == first
