"""The same write the plain way over HTTP: FastAPI, one transaction of the ORM for each request.

Written as a competent engineer would write it: requests overlap their I/O (10 database
connections), the contract, the repeats and row-level security are observed, the answer is stored,
the audit trail is kept, and the event is a row of the outbox in the same transaction. What it does
not do: publish that row, look at a token, or refuse what is too much.
"""

import asyncio
import hashlib
import os
from datetime import UTC, datetime
from uuid import UUID

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench import under_test
from bench.plain import CONNECTIONS, Heard, created_entry, created_event, new_partner
from contracts.events import EVENT_CONTENT_TYPE
from contracts.referral_partner import ReferralPartnerCreate
from contracts.values import parse_uuid
from messaging.database.engine import limit_to_orgs, open_engine
from messaging.database.tables import outbox
from messaging.trail import audit
from services.referrals.handlers.partner import partner_resource
from services.referrals.home import HOME, PUBLISHING

DATABASE, PORT = "BENCH_DATABASE_URL", "BENCH_HTTP_PORT"
PATH = "/referral-partners"
PROGRAM = ("bench.plain_http",)


def plain_application(sessions: async_sessionmaker[AsyncSession]) -> FastAPI:
    """An application with the one route."""
    app = FastAPI()

    @app.post(PATH)
    async def create(request: Request) -> Response:
        body = await request.body()
        command = ReferralPartnerCreate.model_validate_json(body)
        message_id = parse_uuid(request.headers["idempotency-key"])
        body_hash = hashlib.sha256(body).digest()
        async with sessions.begin() as session:
            await limit_to_orgs(session, [command.org_id])
            heard = await session.get(Heard, (command.org_id, message_id))
            if heard is not None:
                same = heard.body_hash == body_hash
                return _answer(heard.reply) if same else Response(status_code=422)
            partner = new_partner(command, datetime.now(UTC))
            data = partner_resource(partner).to_json()
            event = created_event(partner, data, str(message_id))
            session.add(partner)
            session.add(
                Heard(
                    org_id=command.org_id,
                    message_id=message_id,
                    body_hash=body_hash,
                    status=201,
                    resource_id=partner.id,
                    reply=data,
                    received_at=partner.created_at,
                )
            )
            await session.execute(
                # Without the row's number, which this role may not read.
                insert(outbox)
                .inline()
                .values(
                    org_id=command.org_id,
                    subject=event["subject"],
                    exchange=PUBLISHING.exchange,
                    routing_key=event["type"],
                    message_id=UUID(event["id"]),
                    content_type=EVENT_CONTENT_TYPE,
                    headers={},
                    body=orjson.dumps(event),
                )
            )
            await audit.append(session, [created_entry(partner, message_id)])
        return _answer(data)

    return app


def _answer(data: bytes) -> Response:
    return Response(data, 201, media_type="application/json")


async def run(stop: asyncio.Event) -> None:
    """Serve until `stop` is set."""
    engine = open_engine(
        os.environ[DATABASE],
        HOME,
        role=HOME.service_role,
        name="bench.plain_http",
        pool_size=CONNECTIONS,
    )
    app = plain_application(async_sessionmaker(engine, expire_on_commit=False))
    config = uvicorn.Config(
        app, port=int(os.environ[PORT]), http="httptools", access_log=False, log_level="warning"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await stop.wait()
    server.should_exit = True
    await serving
    await engine.dispose()


if __name__ == "__main__":
    under_test.obey(run)
