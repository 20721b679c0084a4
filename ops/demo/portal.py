"""A partner's portal as a partner would write one: it checks the signature and takes each once."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
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

    `secret` is what `handoff partner-secret` shows; None: signatures are not looked at. The first
    tries are answered with the statuses of `fails`, in their order. `tries` counts all requests
    that were signed well, `bundles` what was taken, by `webhook-id`. `told` hears of each request:
    the status that it was answered, and its `webhook-id`.
    """

    path: str
    secret: str | None
    fails: Sequence[int] = ()
    tries: int = 0
    bundles: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: Callable[[int, str, bytes], None] = lambda *_: None


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
        """One POST: 401 unsigned, what `fails` says, 409 for a repeat, else 200."""
        partner = self._partners.get(request.match_info["partner"])
        if partner is None:
            return _outcome(404, "not-found", "No such partner here.")
        body = await request.read()
        answer = _answer(partner, request, body)
        partner.told(answer.status, request.headers.get("webhook-id", ""), body)
        return answer


def _answer(partner: PortalPartner, request: web.Request, body: bytes) -> web.Response:
    try:
        bundle = _verified(partner, request, body)
    except WebhookVerificationError:
        return _outcome(401, "security", "The signature does not match.")
    except ValueError:
        return _outcome(400, "structure", "The body is no JSON.")
    partner.tries += 1
    if partner.tries <= len(partner.fails):
        answer = _outcome(partner.fails[partner.tries - 1], "transient", "As it was told to.")
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer
    webhook_id = request.headers.get("webhook-id", "")
    if webhook_id in partner.bundles:
        return _outcome(409, "duplicate", "This portal has it already.")
    partner.bundles[webhook_id] = bundle
    return _fhir(200, {"resourceType": "Bundle", "type": "transaction-response"})


def _verified(partner: PortalPartner, request: web.Request, body: bytes) -> dict[str, Any]:
    if partner.secret is None:
        bundle: dict[str, Any] = json.loads(body)
        return bundle
    verified: dict[str, Any] = Webhook(partner.secret).verify(body, dict(_lower_case(request)))
    return verified


@asynccontextmanager
async def demo_portal(port: int = 0) -> AsyncIterator[DemoPortal]:
    """A portal on a port of 127.0.0.1, any free one for 0, until the block is left.

    Raises OSError where the port is taken.
    """
    portal = DemoPortal()
    app = web.Application(client_max_size=LARGEST_BUNDLE_BYTES)
    app.router.add_post("/{partner}", portal.take)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
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
