"""A judge from outside: schemathesis asks what the document says, and holds the answers to it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from services.edge.app import document
from tests.integration.edge.judging.hooks import RULES
from tests.support.connectors.running import connectors_beside
from tests.support.services.both import Both
from tests.support.services.edge import RunningEdge, running_edge

JUDGING = Path(__file__).parent / "judging"
SECONDS = int(os.environ.get("EDGE_JUDGED_SECONDS", "40"))
"""Of each of the two runs; longer by hand."""


@pytest.fixture(scope="module", autouse=True)
def told() -> None:
    """Nothing: what the judge makes up is no person's, and may stand in any log by chance."""


@pytest_asyncio.fixture(scope="module")
async def connectors(both: Both, new_postgres_database: Callable[[], str]) -> AsyncIterator[None]:
    """A replica of connectors: the document has its operations too."""
    async with connectors_beside(both.referrals, new_postgres_database()):
        yield


@pytest_asyncio.fixture
async def patient_edge(
    connectors: None, rabbitmq_vhost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningEdge]:
    """A replica that bears any number of requests without a token: the judge makes many."""
    monkeypatch.setattr("services.edge.http.answering.ADDRESS_PER_MINUTE", 1_000_000)
    async with running_edge(rabbitmq_vhost, tmp_path) as running:
        yield running


@pytest.mark.parametrize("phases", ["examples,coverage", "fuzzing,stateful"])
async def test_the_document_is_kept_to(
    patient_edge: RunningEdge, phases: str, tmp_path: Path
) -> None:
    """No 5xx, nothing undocumented, every wrong request refused, every right one taken but by a
    rule that is named in `judging/hooks.py`."""
    edge, token = patient_edge, patient_edge.token("judged")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(JUDGING / "schemathesis.toml")),
        *("run", f"{edge.url}/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
        *("--exclude-operation-id", "events"),  # A stream has no end to wait for.
        *("--phases", phases, "--max-time", str(SECONDS), "--continue-on-failure"),
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(JUDGING / "hooks.py")},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), SECONDS + 120)
    print(said.decode()[-3_000:])
    assert process.returncode == 0, said.decode()[-10_000:]
    operations = sum(len(path) for path in document()["paths"].values())
    assert f"Selected: {operations - 1}/{operations}" in said.decode()  # All but the stream.


def test_every_exception_has_a_reason() -> None:
    """And there are no more than were needed."""
    assert all(RULES.values())
    assert len(RULES) <= 31
