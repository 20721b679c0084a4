"""A program that speaks HTTP and no AMQP: curl where it is installed, as the documents show it."""

import asyncio
import shutil
import subprocess
from http import HTTPStatus

import aiohttp

RETRIES = 5
SECONDS = 20.0


async def post(url: str, token: str, key: str) -> tuple[int, str]:
    """Send nothing but the request itself, and again under its key where the edge says so (503).

    The answer's status, and by what it was asked. Raises TimeoutError.
    """
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    if curl := shutil.which("curl"):
        async with asyncio.timeout(SECONDS):
            return await asyncio.to_thread(_by_curl, curl, url, headers), "curl"
    async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
        while True:
            async with session.post(url, headers=headers) as answer:
                if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    return answer.status, "aiohttp"
            await asyncio.sleep(1)


def _by_curl(curl: str, url: str, headers: dict[str, str]) -> int:
    # By standard input: what is on a command line is seen by everybody on the machine.
    told = "".join(f'header = "{name}: {value}"\n' for name, value in headers.items())
    command = [curl, "--silent", "--show-error", "--retry", str(RETRIES), "--request", "POST"]
    command += ["--output", "/dev/null", "--write-out", "%{http_code}", "--config", "-", url]
    said = subprocess.run(
        command, input=told, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    return int(said.stdout or 0)
