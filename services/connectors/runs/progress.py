"""Progress of a run, written in the transactions of what it does."""

from sqlalchemy import update

from messaging.outbox.system_work import SystemWork
from services.connectors.models import Run
from services.connectors.runs.context import RunContext


async def note(work: SystemWork, context: RunContext) -> None:
    """Write down how far the run is: what it reads, and what it did so far."""
    await work.session.execute(
        update(Run)
        .where(Run.org_id == context.org_id, Run.id == context.run_id)
        .values(
            phase=context.phase,
            row_offset=context.offset,
            counts=context.counts.as_json(),
            version=Run.version + 1,
            updated_at=work.now,
        )
        .execution_options(synchronize_session=False)
    )
