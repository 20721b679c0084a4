"""A partner's portal as a partner would write one: it checks the signature and takes each once."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

LARGEST_BUNDLE_BYTES = 32 * 1024 * 1024
RETRY_AFTER_SECONDS = 2


@dataclass
class PortalPartner:
    """One partner behind the portal, at a path of its own.

    `secret` is what `handoff partner-secret` shows. The first `fails` tries are answered 503.
    `tries` counts all requests that were signed well, `bundles` what was taken, by `webhook-id`.
    """

    path: str
    secret: str
    fails: int = 0
    tries: int = 0
    bundles: dict[str, dict[str, Any]] = field(default_factory=dict)


class DemoPortal:
    """Takes FHIR bundles for several partners. `url` is set while it runs."""

    def __init__(self) -> None:
        self.url = ""
        self._partners: dict[str, PortalPartner] = {}

    def add(self, partner: PortalPartner) -> str:
        """Open a partner's path; the URL that referrals are sent to."""
        self._partners[partner.path] = partner
        return f"{self.url}/{partner.path}"

    async def take(self, request: web.Request) -> web.Response:
        """One POST: 401 unsigned, 503 while it fails, 409 for a repeat, else 200."""
        partner = self._partners.get(request.match_info["partner"])
        if partner is None:
            return _outcome(404, "not-found", "No such partner here.")
        body = await request.read()
        try:
            bundle = Webhook(partner.secret).verify(body, dict(_lower_case(request)))
        except WebhookVerificationError:
            return _outcome(401, "security", "The signature does not match.")
        partner.tries += 1
        if partner.tries <= partner.fails:
            answer = _outcome(503, "transient", "The portal is being mended.")
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return answer
        webhook_id = request.headers["webhook-id"]
        if webhook_id in partner.bundles:
            return _outcome(409, "duplicate", "This portal has it already.")
        partner.bundles[webhook_id] = bundle
        return _fhir(200, {"resourceType": "Bundle", "type": "transaction-response"})


@asynccontextmanager
async def demo_portal() -> AsyncIterator[DemoPortal]:
    """A portal on a free port of 127.0.0.1 until the block is left."""
    portal = DemoPortal()
    app = web.Application(client_max_size=LARGEST_BUNDLE_BYTES)
    app.router.add_post("/{partner}", portal.take)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        portal.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield portal
    finally:
        await runner.cleanup()


def letter_in(bundle: dict[str, Any]) -> bytes | None:
    """The letter in a bundle: its DocumentReference's PDF."""
    for entry in bundle.get("entry", []):
        resource = entry.get("resource", {})
        if resource.get("resourceType") == "DocumentReference":
            return base64.b64decode(resource["content"][0]["attachment"]["data"])
    return None


def _lower_case(request: web.Request) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in request.headers.items()]


def _outcome(status: int, code: str, words: str) -> web.Response:
    issue = {"severity": "error", "code": code, "diagnostics": words}
    return _fhir(status, {"resourceType": "OperationOutcome", "issue": [issue]})


def _fhir(status: int, resource: dict[str, Any]) -> web.Response:
    return web.Response(
        status=status, text=json.dumps(resource), content_type="application/fhir+json"
    )
