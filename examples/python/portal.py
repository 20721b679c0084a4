"""A partner's portal: it verifies each request, takes each once, and stores before it answers.

python portal.py whsec_… portal.sqlite
"""

import base64
import sqlite3
import sys
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

LARGEST_BYTES = 32 * 1024 * 1024
TABLE = """CREATE TABLE IF NOT EXISTS request (
  webhook_id TEXT PRIMARY KEY, referral TEXT, status TEXT, letter BLOB)"""


class Portal:
    """What it has taken, by `webhook-id`: the same in every repeat."""

    def __init__(self, secret: str, path: str) -> None:
        self.webhook = Webhook(secret)
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute(TABLE)

    async def take(self, request: web.Request) -> web.Response:
        """401 unsigned, 409 for a repeat, else 200."""
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            bundle = self.webhook.verify(body, headers)
        except WebhookVerificationError:
            return outcome(401, "security")
        kept = self.database.execute(
            "INSERT OR IGNORE INTO request VALUES (?, ?, ?, ?)",
            (headers["webhook-id"], *what_matters(bundle)),
        )
        return web.Response() if kept.rowcount else outcome(409, "duplicate")


def what_matters(bundle: dict[str, Any]) -> tuple[str, str, bytes | None]:
    """The referral's id, its status (`revoked`: it is taken back), and the letter."""
    resources = {one["resource"]["resourceType"]: one["resource"] for one in bundle["entry"]}
    asked, letter = resources["ServiceRequest"], resources.get("DocumentReference")
    pdf = letter and base64.b64decode(letter["content"][0]["attachment"]["data"])
    return asked["identifier"][0]["value"], asked["status"], pdf


def outcome(status: int, code: str) -> web.Response:
    """An answer that says why."""
    issue = {"severity": "information", "code": code}
    said = {"resourceType": "OperationOutcome", "issue": [issue]}
    return web.json_response(said, status=status, content_type="application/fhir+json")


def main(secret: str, path: str) -> None:
    app = web.Application(client_max_size=LARGEST_BYTES)
    app.router.add_post("/", Portal(secret, path).take)
    web.run_app(app, host="127.0.0.1", port=0, print=lambda said: print(said, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
