"""A stand-in of AlfaDocs: patients, operators, appointments, documents, OAuth2 with rotation.

Source: AlfaDocs' API page, which gives no paths (these are implied), and
alfadocs/ai-harness-instructions.
"""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from ops.stubs.faults import Faults

PAGE_LIMIT = 100
LONGEST_RANGE_DAYS = 30
DOCUMENT_TYPES = frozenset({"text", "xray", "image", "identification", "other"})
Row = dict[str, Any]
_PATIENT: Row = {
    "id": 0,
    "firstName": "",
    "lastName": "",
    "email": "",
    "emailEnabled": True,
    "emailValid": "true",
    "phoneNumbers": [],
    "gender": "m",
    "street": "Via Albertazzi 1",
    "city": "Milano",
    "postcode": "20100",
    "province": "MI",
    "dateOfBirth": "-0001-11-30",
    "italianFiscalCode": "RSSMRA85T10A562S",
    "sourceId": None,
    "createdAt": "2018-04-01 00:00:00",
}


def _refused(status: int, text: str) -> web.HTTPException:
    errors = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
    }
    return errors[status](text=f'{{"status": "error", "message": "{text}"}}')


@dataclass
class AlfaDocsStub:
    """One archive. A refresh token is good once; `lives_seconds` is how long an access token is."""

    practice: int = 7
    archive: int = 3
    api_key: str = "key"
    client_id: str = "client"
    client_secret: str = "client-secret"  # noqa: S105 (a stand-in's)
    has_me: bool = True
    spacing_seconds: float = 0.0
    lives_seconds: int = 3600
    faults: Faults = field(default_factory=Faults)
    patients: dict[int, Row] = field(default_factory=dict)
    operators: dict[int, Row] = field(default_factory=dict)
    appointments: list[Row] = field(default_factory=list)
    documents: dict[int, list[Row]] = field(default_factory=dict)
    access_tokens: set[str] = field(default_factory=set)
    refresh_tokens: set[str] = field(default_factory=set)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    refreshes: int = 0
    root: str = ""
    _free_at: float = 0.0

    @property
    def url(self) -> str:
        """The base of the API."""
        return f"{self.root}/api/v1"

    # What people do there.

    def patient(self, number: int, **fields: Any) -> Row:
        """Enter a patient, or change them."""
        stamp = datetime.now(UTC).astimezone(ZoneInfo("Europe/Rome")).strftime("%Y-%m-%d %H:%M:%S")
        row = {**self.patients.get(number, {**_PATIENT, "id": number}), **fields}
        row["lastModifiedAt"] = fields.get("lastModifiedAt", stamp)
        self.patients[number] = row
        return row

    def operator(self, number: int, name: str, *, deleted: bool = False) -> Row:
        """Enter an operator, or change them."""
        row = {"id": number, "name": name, "italianFiscalCode": "AAA BBB 99H11 L999X"}
        self.operators[number] = {**row, "sequenceNumber": 1, "deleted": deleted}
        return self.operators[number]

    def grant(self) -> tuple[str, str]:
        """An access and a refresh token as after an authorization."""
        access, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.access_tokens.add(access)
        self.refresh_tokens.add(refresh)
        return access, refresh

    # What the API answers.

    def application(self) -> web.Application:
        """The API and the two OAuth2 endpoints."""
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._guard()])
        archive = "/api/v1/practices/{practice}/archives/{archive}"
        app.router.add_get("/oauth2/authorize", self._authorize)
        app.router.add_post("/oauth2/token", self._token)
        app.router.add_get("/api/v1/me", self._me)
        app.router.add_get(f"{archive}/patients", self._list_patients)
        app.router.add_get(f"{archive}/patients/{{number}}", self._patient)
        app.router.add_get(f"{archive}/operators", self._list_operators)
        app.router.add_get(f"{archive}/appointments", self._list_appointments)
        app.router.add_get(f"{archive}/patients/{{number}}/documents", self._list_documents)
        app.router.add_post(f"{archive}/patients/{{number}}/documents", self._upload)
        return app

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
            async def checked(_: web.Request) -> web.StreamResponse:
                loop = asyncio.get_running_loop()
                try:
                    if self.spacing_seconds and loop.time() < self._free_at:
                        raise web.HTTPTooManyRequests(headers={"Retry-After": "1"})
                    if request.path.startswith("/api/"):
                        self._check(request)
                    answered: web.StreamResponse = await handler(request)
                    return answered
                finally:
                    self._free_at = loop.time() + self.spacing_seconds

            given = request.headers
            credential = given.get("Authorization") or given.get("X-Api-Key") or ""
            offset = int(request.query.get("offset", "0"))
            return await self.faults.run(request, checked, offset, credential)

        return guard

    def _check(self, request: web.Request) -> None:
        key, bearer = request.headers.get("X-Api-Key"), request.headers.get("Authorization")
        if (key is None) == (bearer is None):
            raise _refused(401, "one credential, please")
        if key is not None and key != self.api_key:
            raise _refused(401, "unknown key")
        if bearer is not None and bearer.removeprefix("Bearer ") not in self.access_tokens:
            raise _refused(401, "unknown token")
        ids = request.match_info
        if "practice" in ids and (ids["practice"], ids["archive"]) != (
            str(self.practice),
            str(self.archive),
        ):
            raise _refused(404, "no such archive")

    async def _me(self, request: web.Request) -> web.Response:
        if not self.has_me:
            raise _refused(404, "no such path")
        said = {"practiceId": self.practice, "archiveId": self.archive}
        return web.json_response({"status": "success", "data": said})

    async def _list_patients(self, request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", str(PAGE_LIMIT)))
        offset = int(request.query.get("offset", "0"))
        if not 1 <= limit <= PAGE_LIMIT:
            raise _refused(400, "limit")
        rows = [row for _, row in sorted(self.patients.items())]
        page = rows[offset : offset + limit]
        said = {"links": {}, "total": len(rows), "offset": offset, "limit": limit}
        return web.json_response({**said, "results": page})

    async def _patient(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": self._known(request)})

    async def _list_operators(self, request: web.Request) -> web.Response:
        return self._data([row for _, row in sorted(self.operators.items())])

    async def _list_appointments(self, request: web.Request) -> web.Response:
        try:
            start = date.fromisoformat(request.query.get("dateStart", ""))
            end = date.fromisoformat(request.query.get("dateEnd", ""))
        except ValueError:
            raise _refused(400, "dates") from None
        if (end - start).days > LONGEST_RANGE_DAYS:
            raise _refused(400, "range")
        inside = [
            r for r in self.appointments if start.isoformat() <= r["date"][:10] <= end.isoformat()
        ]
        return self._data(inside)

    async def _list_documents(self, request: web.Request) -> web.Response:
        patient = self._known(request)
        return self._data(self.documents.get(patient["id"], []))

    async def _upload(self, request: web.Request) -> web.Response:
        patient, fields = self._known(request), await request.json()
        wanted = {"base64Data", "type", "name", "folderName"}
        if set(fields) != wanted or not all(isinstance(fields[n], str) for n in wanted):
            raise _refused(400, "fields")
        if fields["type"] not in DOCUMENT_TYPES:
            raise _refused(400, "type")
        held = self.documents.setdefault(patient["id"], [])
        row = {"id": len(held) + 1, "name": fields["name"], "folderId": "1"}
        held.append({**row, "type": fields["type"], "createdAt": "2020-05-05 14:00:00"})
        return web.json_response({"status": "success", "data": held[-1]})

    def _data(self, rows: list[Row]) -> web.Response:
        return web.json_response({"status": "success", "count": len(rows), "data": rows})

    def _known(self, request: web.Request) -> Row:
        number = request.match_info["number"]
        patient = self.patients.get(int(number)) if number.isdecimal() else None
        if patient is None:
            raise _refused(404, "no such patient")
        return patient

    # OAuth2.

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = request.query
        if asked.get("client_id") != self.client_id or "code_challenge" not in asked:
            raise _refused(400, "invalid_request")
        code = secrets.token_urlsafe(8)
        self.codes[code] = (asked["redirect_uri"], asked["code_challenge"])
        back = urlencode({"code": code, "state": asked.get("state", "")})
        raise web.HTTPFound(f"{asked['redirect_uri']}?{back}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        known = (form.get("client_id"), form.get("client_secret"))
        if known != (self.client_id, self.client_secret):
            raise _refused(401, "invalid_client")
        if form.get("grant_type") == "refresh_token":
            self.refreshes += 1
            used = str(form.get("refresh_token"))
            if used not in self.refresh_tokens:
                raise _refused(400, "invalid_grant")
            self.refresh_tokens.discard(used)
            self.access_tokens.clear()
        else:
            redirect, challenge = self.codes.pop(str(form.get("code")), ("", ""))
            digest = sha256(str(form.get("code_verifier")).encode()).digest()
            if form.get("redirect_uri") != redirect or _unpadded(digest) != challenge:
                raise _refused(400, "invalid_grant")
        access, refresh = self.grant()
        said = {"token_type": "Bearer", "expires_in": self.lives_seconds}
        return web.json_response({**said, "access_token": access, "refresh_token": refresh})


def _unpadded(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().rstrip("=")


@asynccontextmanager
async def served(stub: AlfaDocsStub) -> AsyncIterator[AlfaDocsStub]:
    """The stand-in on a free port of 127.0.0.1."""
    runner = web.AppRunner(stub.application(), shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stub.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield stub
    finally:
        await runner.cleanup()
