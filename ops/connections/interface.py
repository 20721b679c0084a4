"""An Open Dental interface of ours, as its org's programs find it."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.connectors.models import OdCounter, OdReferral
from services.connectors.serving.web import HOST, PATH
from services.connectors.settings import ConnectorsSettings

NOWHERE = (
    "CONNECTORS_OPENDENTAL_PORT is not set here: handoff serve connectors answers programs where "
    "it is set"
)


def asked_at(settings: ConnectorsSettings) -> str | None:
    """The address that programs ask; None where these settings name none."""
    port = settings.opendental_port
    if port is None:
        return None
    number = "a free port" if port == 0 else str(port)
    return f"http://{HOST}:{number}{PATH}, on the machine of handoff serve connectors"


async def described(engine: AsyncEngine, org_id: str, settings: ConnectorsSettings) -> list[str]:
    """Where it is asked, and how many rows it shows."""
    async with AsyncSession(engine) as session:
        counter = await session.get(OdCounter, org_id)
        rows = await session.scalar(
            select(func.count())
            .select_from(OdReferral)
            .where(OdReferral.org_id == org_id, OdReferral.archived.is_(False))
        )
    place = asked_at(settings)
    said = [NOWHERE if place is None else f"programs ask {place}"]
    if counter is None or not counter.is_filled:
        said.append("what the org had before is being numbered: until then it answers 503")
    said.append(f"rows that it shows: {rows or 0:,}")
    return said
