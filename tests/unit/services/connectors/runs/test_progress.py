"""Progress of a run: written down at each beginning of a list, then once a second."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest

from services.connectors.runs.context import Counts
from services.connectors.runs.progress import note

BEGUN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "phase", "is_written"),
    [(0.5, "referrals", 0), (1.5, "referrals", 1), (0.5, "patients", 1)],
)
async def test_it_is_written_once_a_second_and_where_another_list_begins(
    seconds: float, phase: str, is_written: int
) -> None:
    """However many pages come meanwhile."""
    context: Any = SimpleNamespace(
        org_id="org_1", run_id=uuid4(), phase=phase, offset=100, counts=Counts()
    )
    context.noted = "referrals", BEGUN
    execute = AsyncMock()
    work: Any = SimpleNamespace(
        session=SimpleNamespace(execute=execute), now=BEGUN + timedelta(seconds=seconds)
    )
    await note(work, context)
    assert execute.await_count == is_written
    assert context.noted == ((phase, work.now) if is_written else ("referrals", BEGUN))
