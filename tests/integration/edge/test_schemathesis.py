"""A judge from outside: schemathesis asks what the document says, and holds the answers to it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.integration.edge.judging.hooks import RULES
from tests.support.services.edge import RunningEdge

JUDGING = Path(__file__).parent / "judging"
SECONDS = int(os.environ.get("EDGE_JUDGED_SECONDS", "50"))
"""Of each of the two runs; longer by hand."""


@pytest.mark.parametrize("phases", ["examples,coverage", "fuzzing,stateful"])
async def test_the_document_is_kept_to(edge: RunningEdge, phases: str, tmp_path: Path) -> None:
    """No 5xx, nothing undocumented, every wrong request refused, every right one taken but by a
    rule that is named in `judging/hooks.py`."""
    token = edge.token("judged")
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
    assert b"Selected: 59/60" in said


def test_every_exception_has_a_reason() -> None:
    """And there are no more than were needed."""
    assert all(RULES.values())
    assert len(RULES) <= 30
