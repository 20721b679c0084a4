"""A program that speaks HTTP and no AMQP: curl where it is installed, as the documents show it."""

import asyncio
import shutil
import subprocess
from http import HTTPStatus

import aiohttp

from ops.environment import CannotGoOn

RETRIES = 5
SECONDS = 20.0


async def ask(
    method: str, url: str, token: str, *, key: str | None = None, form: str | None = None
) -> tuple[int, str]:
    """Send a request, and again under its key where the edge says that nothing was taken (503).

    `form`: a body as a form sends it. The answer's status, and by what it was asked. Raises
    TimeoutError.
    """
    headers = {"Authorization": f"Bearer {token}"}
    if key is not None:
        headers["Idempotency-Key"] = key
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if curl := shutil.which("curl"):
        async with asyncio.timeout(SECONDS):
            return await asyncio.to_thread(_by_curl, curl, method, url, headers, form), "curl"
    async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
        while True:
            async with session.request(method, url, headers=headers, data=form) as answer:
                if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    return answer.status, "aiohttp"
            await asyncio.sleep(1)


def _by_curl(curl: str, method: str, url: str, headers: dict[str, str], form: str | None) -> int:
    # By standard input: what is on a command line is seen by everybody on the machine.
    told = "".join(f'header = "{name}: {value}"\n' for name, value in headers.items())
    if form is not None:
        escaped = form.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        told += f'data-raw = "{escaped}"\n'
    command = [curl, "--silent", "--show-error", "--retry", str(RETRIES), "--request", method]
    # Not into /dev/null: before it asks again curl truncates a file that it wrote to, and gives up.
    command += ["--write-out", "\n%{http_code}", "--config", "-", url]
    said = subprocess.run(
        command, input=told, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    status = said.stdout.rpartition("\n")[2]
    if not status.isdecimal() or int(status) == 0:
        raise CannotGoOn(f"curl got no answer: {said.stderr.strip()}")
    return int(status)
