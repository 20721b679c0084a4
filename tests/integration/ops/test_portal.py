"""`handoff portal` and a referral that goes through it."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.services.both import Both
from tests.support.services.process import REPOSITORY
from tests.support.services.referrals import Org


@asynccontextmanager
async def portal(*options: str) -> AsyncIterator[tuple[str, "subprocess.Popen[str]"]]:
    """The command as a person starts it, and where it says that it listens."""
    process = await asyncio.to_thread(_started, options)
    assert process.stdout is not None
    try:
        line = await asyncio.to_thread(process.stdout.readline)
        found = re.search(r"http://127\.0\.0\.1:\d+/\w+", line)
        assert found is not None, line
        yield found[0], process
    finally:
        process.terminate()
        await asyncio.to_thread(process.communicate)


async def test_it_fails_as_it_was_told_and_then_takes_the_letter(
    both: Both, org: Org, tmp_path: Path
) -> None:
    """Two 503, then 200: the e-referral is delivered at the third attempt, its letter kept."""
    async with portal("--fail", "503,503", "--letters", str(tmp_path)) as (endpoint, _):
        partner = await org.ereferral_partner(
            ereferral_endpoint=endpoint, preferred_contact_method="portal"
        )
        await org.practice()
        sent = await org.sent_referral(referral_partner_uuid=partner["id"])
        shown = await both.ereferral(org, sent, "delivered")
    assert [one["code"] for one in shown["attempts"]] == ["http_503", "http_503", "http_200"]
    assert os.listdir(tmp_path) == [f"{shown['id']}.pdf"]
    letter = await asyncio.to_thread((tmp_path / f"{shown['id']}.pdf").read_bytes)
    assert letter.startswith(b"%PDF")


def _started(options: tuple[str, ...]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "portal", *options],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
