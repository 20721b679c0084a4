"""A stand-in of Open Dental's API: its referrals, refattaches, patients, providers, definitions.

Source: opendental.com/site/api*.html. It answers in the shapes of the documented examples, and
refuses what the real one refuses.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from ops.stubs.faults import Faults

PAGE_LIMIT = 100
STAMP = "%Y-%m-%d %H:%M:%S"
Row = dict[str, Any]
_REFERRAL: Row = {
    "ReferralNum": 0,
    "LName": "",
    "FName": "",
    "MName": "",
    "SSN": "",
    "UsingTIN": "false",
    "Specialty": 0,
    "specialty": "",
    "ST": "",
    "Telephone": "",
    "Address": "",
    "Address2": "",
    "City": "",
    "Zip": "",
    "Note": "",
    "Phone2": "",
    "IsHidden": "false",
    "NotPerson": "false",
    "Title": "",
    "EMail": "",
    "PatNum": 0,
    "IsDoctor": "false",
    "DateTStamp": "",
    "IsPreferred": "false",
    "BusinessName": "",
    "DisplayNote": "",
    "isPatient": "false",
}
_REFATTACH: Row = {
    "RefAttachNum": 0,
    "ReferralNum": 0,
    "referralName": "",
    "PatNum": 0,
    "ItemOrder": 0,
    "RefDate": "0001-01-01",
    "ReferralType": "RefFrom",
    "RefToStatus": "None",
    "Note": "",
    "IsTransitionOfCare": "false",
    "ProcNum": 0,
    "DateProcComplete": "0001-01-01",
    "ProvNum": 0,
    "DateTStamp": "",
}
_PATIENT: Row = {
    "PatNum": 0,
    "LName": "",
    "FName": "",
    "MiddleI": "",
    "Preferred": "",
    "PatStatus": "Patient",
    "Gender": "Unknown",
    "Birthdate": "0001-01-01",
    "SSN": "",
    "Address": "",
    "City": "",
    "State": "",
    "Zip": "",
    "HmPhone": "",
    "WkPhone": "",
    "WirelessPhone": "",
    "Email": "",
    "EstBalance": 0.0,
    "MedicaidID": "",
    "BalTotal": 0.0,
    "DateTStamp": "",
}
_PROVIDER: Row = {
    "ProvNum": 0,
    "Abbr": "",
    "LName": "",
    "FName": "",
    "MI": "",
    "Suffix": "",
    "Specialty": 0,
    "SSN": "",
    "IsHidden": "false",
    "NationalProvID": "",
    "DateTStamp": "",
    "IsNotPerson": "false",
    "ProvStatus": "Active",
}
_REFATTACH_WRITES = frozenset(_REFATTACH) - {"RefAttachNum", "ItemOrder", "DateTStamp"}
_DOCUMENT_WRITES = frozenset(
    {
        "PatNum",
        "rawBase64",
        "extension",
        "Description",
        "DateCreated",
        "DocCategory",
        "ImgType",
        "ToothNumbers",
        "ProvNum",
        "PrintHeading",
    }
)
_STATUSES = ("None", "Declined", "Scheduled", "Consulted", "InTreatment", "Complete")


def _refused(text: str, status: int = 400) -> web.HTTPException:
    error = {400: web.HTTPBadRequest, 401: web.HTTPUnauthorized, 404: web.HTTPNotFound}[status]
    return error(text=f'"{text}"', content_type="application/json")


@dataclass
class OpenDentalStub:
    """One practice's database behind the API.

    `version` decides which filters are known; others are ignored, as the real one does.
    `spacing_seconds`: requests that follow the last answer sooner are 429. `clock_ahead` is how far
    this server's clock is from the truth; stamps are its local time in `zone`.
    """

    developer_key: str = "developer"
    customer_key: str = "customer"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/Los_Angeles"))
    version: tuple[int, int, int] = (25, 3, 1)
    spacing_seconds: float = 0.0
    clock_ahead: timedelta = timedelta()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    may_write: bool = True
    may_file_documents: bool = True
    ignores_filters: bool = False
    connector_off: bool = False
    faults: Faults = field(default_factory=Faults)
    referrals: dict[int, Row] = field(default_factory=dict)
    refattaches: dict[int, Row] = field(default_factory=dict)
    patients: dict[int, Row] = field(default_factory=dict)
    providers: dict[int, Row] = field(default_factory=dict)
    definitions: dict[int, Row] = field(default_factory=dict)
    documents: list[Row] = field(default_factory=list)
    url: str = ""
    _free_at: float = 0.0

    # What people do there.

    def stamp(self) -> str:
        """This server's local time."""
        return (self.now() + self.clock_ahead).astimezone(self.zone).strftime(STAMP)

    def referral(self, number: int, **fields: Any) -> Row:
        """Enter a referral, or change it."""
        return self._entered(self.referrals, _REFERRAL, "ReferralNum", number, fields)

    def refattach(self, number: int, **fields: Any) -> Row:
        """Attach a patient to a referral, or change that."""
        return self._entered(self.refattaches, _REFATTACH, "RefAttachNum", number, fields)

    def patient(self, number: int, **fields: Any) -> Row:
        """Enter a patient, or change them."""
        return self._entered(self.patients, _PATIENT, "PatNum", number, fields)

    def provider(self, number: int, **fields: Any) -> Row:
        """Enter a provider, or change them."""
        return self._entered(self.providers, _PROVIDER, "ProvNum", number, fields)

    def specialty(self, number: int, name: str) -> Row:
        """Enter a specialty."""
        row = {"DefNum": number, "Category": 35, "ItemOrder": 0, "ItemName": name}
        self.definitions[number] = {**row, "ItemValue": "", "ItemColor": 0, "IsHidden": "false"}
        return self.definitions[number]

    def merge_referrals(self, gone: int, kept: int) -> None:
        """What the program's own merging does: attachments move, the one row is deleted."""
        for row in self.refattaches.values():
            if row["ReferralNum"] == gone:
                row |= {"ReferralNum": kept, "DateTStamp": self.stamp()}
        del self.referrals[gone]

    def _entered(
        self, table: dict[int, Row], blank: Row, key: str, number: int, fields: Row
    ) -> Row:
        row = {**table.get(number, {**blank, key: number}), **fields}
        row["DateTStamp"] = fields.get("DateTStamp", self.stamp())
        table[number] = row
        return row

    # What the API answers.

    def application(self) -> web.Application:
        """The API at `/api/v1`."""
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._guard()])
        for path, handler in (
            ("definitions", self._definitions),
            ("providers", self._list_providers),
            ("referrals", self._list_referrals),
            ("refattaches", self._list_refattaches),
            ("patients/Simple", self._list_patients),
            ("documents", self._list_documents),
        ):
            app.router.add_get(f"/api/v1/{path}", handler)
        for path, table in (
            ("referrals", self.referrals),
            ("patients", self.patients),
            ("providers", self.providers),
        ):
            app.router.add_get(f"/api/v1/{path}/{{number}}", self._single(table))
        app.router.add_put("/api/v1/refattaches/{number}", self._put_refattach)
        app.router.add_post("/api/v1/refattaches", self._post_refattach)
        app.router.add_post("/api/v1/documents/Upload", self._upload)
        return app

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
            async def checked(_: web.Request) -> web.StreamResponse:
                self._check(request)
                answered: web.StreamResponse = await handler(request)
                return answered

            async def paced(_: web.Request) -> web.StreamResponse:
                loop = asyncio.get_running_loop()
                early = self.spacing_seconds and loop.time() < self._free_at
                try:
                    if early:
                        raise web.HTTPTooManyRequests(headers={"Retry-After": "1"})
                    return await checked(request)
                except web.HTTPException as refused:
                    return web.Response(
                        status=refused.status,
                        text=refused.text,
                        headers=_kept_headers(refused),
                        content_type="application/json",
                    )
                finally:
                    self._free_at = loop.time() + self.spacing_seconds

            offset = _number(request.query.get("Offset", "0"))
            credential = request.headers.get("Authorization", "")
            return await self.faults.run(request, paced, offset, credential)

        return guard

    def _check(self, request: web.Request) -> None:
        wanted = f"ODFHIR {self.developer_key}/{self.customer_key}"
        if request.headers.get("Authorization") != wanted:
            raise _refused("Invalid Credentials", 401)
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            raise _refused("Content-Type must be application/json.")
        if self.connector_off:
            raise _refused("The eConnector is not running.")
        is_document = "/documents" in request.path
        may = self.may_file_documents if is_document else self.may_write
        if request.method != "GET" and not may:
            raise web.HTTPForbidden(text='"Permission is missing."')

    def _page(
        self, request: web.Request, table: Mapping[int, Row], numbers: list[int], *, clock: bool
    ) -> web.Response:
        limit = min(_number(request.query.get("Limit", str(PAGE_LIMIT))), PAGE_LIMIT)
        offset = _number(request.query.get("Offset", "0"))
        page = [table[number] for number in numbers[offset : offset + limit]]
        if clock:
            page = [{**row, "serverDateTime": self.stamp()} for row in page]
        return web.json_response(page)

    def _changed(
        self, request: web.Request, table: Mapping[int, Row], since: tuple[int, int, int]
    ) -> list[int]:
        """The numbers of what changed after the time that is asked for."""
        asked = request.query.get("DateTStamp")
        if asked is None or self.version < since or self.ignores_filters:
            return sorted(table)
        try:
            datetime.strptime(asked, STAMP)  # noqa: DTZ007 (local, as the API's)
        except ValueError:
            raise _refused("DateTStamp format must be yyyy-MM-dd HH:mm:ss") from None
        return [number for number in sorted(table) if table[number]["DateTStamp"] > asked]

    async def _definitions(self, request: web.Request) -> web.Response:
        wanted = request.query.get("Category") in (None, "35")
        numbers = sorted(self.definitions) if wanted else []
        return self._page(request, self.definitions, numbers, clock=False)

    async def _list_providers(self, request: web.Request) -> web.Response:
        changed = self._changed(request, self.providers, (21, 3, 0))
        return self._page(request, self.providers, changed, clock=True)

    async def _list_referrals(self, request: web.Request) -> web.Response:
        return self._page(request, self.referrals, sorted(self.referrals), clock=False)

    async def _list_refattaches(self, request: web.Request) -> web.Response:
        table: Mapping[int, Row] = self.refattaches
        patient = request.query.get("PatNum")
        if patient is not None:
            if _number(patient) not in self.patients:
                raise _refused("Patient not found.", 404)
            table = {n: row for n, row in table.items() if row["PatNum"] == _number(patient)}
        changed = self._changed(request, table, (25, 2, 10))
        return self._page(request, table, changed, clock=False)

    async def _list_patients(self, request: web.Request) -> web.Response:
        changed = self._changed(request, self.patients, (21, 2, 0))
        return self._page(request, self.patients, changed, clock=True)

    async def _list_documents(self, request: web.Request) -> web.Response:
        patient = _number(request.query.get("PatNum", "0"))
        if patient not in self.patients:
            raise _refused("Patient not found", 404)
        mine = {n: row for n, row in enumerate(self.documents) if row["PatNum"] == str(patient)}
        return self._page(request, mine, list(mine), clock=True)

    def _single(self, table: dict[int, Row]) -> Any:
        async def single(request: web.Request) -> web.Response:
            row = table.get(_number(request.match_info["number"]))
            if row is None:
                raise _refused("Not found.", 404)
            return web.json_response(row)

        return single

    async def _put_refattach(self, request: web.Request) -> web.Response:
        row = self.refattaches.get(_number(request.match_info["number"]))
        if row is None:
            raise _refused("RefAttach not found.", 404)
        if self.version < (23, 3, 26):
            raise web.HTTPMethodNotAllowed("PUT", ["GET", "POST"])
        fields = await self._written(request, _REFATTACH_WRITES)
        row |= {**fields, "DateTStamp": self.stamp()}
        return web.json_response(row)

    async def _post_refattach(self, request: web.Request) -> web.Response:
        fields = await self._written(request, _REFATTACH_WRITES)
        if fields.get("PatNum") not in self.patients:
            raise _refused("Patient not found.", 404)
        if fields.get("ReferralNum") not in self.referrals:
            raise _refused("Referral not found.", 404)
        same = [r for r in self.refattaches.values() if r["PatNum"] == fields["PatNum"]]
        if any(row["ReferralNum"] == fields["ReferralNum"] for row in same):
            raise _refused("Referral is already attached to this patient")
        number = max(self.refattaches, default=0) + 1
        row = self.refattach(number, **{**fields, "ItemOrder": len(same)})
        location = {"Location": f"{self.url}/refattaches/{number}"}
        return web.json_response(row, status=201, headers=location)

    async def _upload(self, request: web.Request) -> web.Response:
        fields = await self._written(request, _DOCUMENT_WRITES)
        for name in ("PatNum", "rawBase64", "extension"):
            if not fields.get(name):
                raise _refused(f"{name} is required")
        if fields["PatNum"] not in self.patients:
            raise _refused("Patient not found", 404)
        row = {
            "DocNum": len(self.documents) + 1,
            "MountNum": 0,
            "filePath": "",
            "Description": fields.get("Description", ""),
            "PatNum": str(fields["PatNum"]),
            "Note": "",
            "DateCreated": self.stamp(),
            "docCategory": "Letters",
            "DocCategory": 14,
            "DateTStamp": self.stamp(),
        }
        self.documents.append(row)
        return web.json_response({**row, "PatNum": fields["PatNum"]}, status=201)

    async def _written(self, request: web.Request, known: frozenset[str]) -> Row:
        try:
            fields = await request.json()
        except ValueError:
            raise _refused("Body is not JSON.") from None
        if not isinstance(fields, dict):
            raise _refused("Body is not an object.")
        for name in fields:
            if name not in known:
                raise _refused(f"{name} is not a valid field.")
        if fields.get("RefToStatus", "None") not in _STATUSES:
            raise _refused("RefToStatus is invalid.")
        return fields


def _kept_headers(refused: web.HTTPException) -> dict[str, str]:
    wish = refused.headers.get("Retry-After")
    return {} if wish is None else {"Retry-After": wish}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


@asynccontextmanager
async def served(stub: OpenDentalStub) -> AsyncIterator[OpenDentalStub]:
    """The stand-in on a free port of 127.0.0.1; its `url` ends in `/api/v1`."""
    runner = web.AppRunner(stub.application(), shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        stub.url = f"http://127.0.0.1:{port}/api/v1"
        yield stub
    finally:
        await runner.cleanup()
