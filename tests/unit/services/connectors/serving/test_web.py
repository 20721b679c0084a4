"""Our own Open Dental interface over HTTP, as far as no row and no command is needed."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs

from services.connectors.config import ServerOptions
from services.connectors.sealing import Sealer
from services.connectors.serving.store import Held, Interface, Store
from services.connectors.serving.web import BODY_LIMIT_BYTES, OpenDentalServer

LIST = "/api/v1/referrals"
INTERFACE = Interface(
    "org_1", UUID("01930000-0000-7000-8000-00000000c001"), ServerOptions(), is_filled=True
)
FAULT = 7


class Shelf(Store):
    """Holds nothing, knows one key, and breaks at one number."""

    def __init__(self) -> None:
        engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
        super().__init__(engine, Sealer("5f" * 32))

    async def interface_of(self, customer_key: str) -> Interface | None:
        """Whose key it is."""
        return INTERFACE if customer_key == "key" else None

    async def one(self, interface: Interface, number: int) -> Held | None:
        """Nobody."""
        if number == FAULT:
            raise ValueError("Norm Davidson, 123456789")
        return None


async def asked(method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """The status, and the body, which is JSON in every case."""
    async with (
        TestServer(OpenDentalServer(Shelf()).application()) as server,
        ClientSession() as one,
    ):
        headers = {"Authorization": "ODFHIR any/key"}
        async with one.request(method, server.make_url(path), data=body, headers=headers) as answer:
            assert answer.content_type == "application/json"
            return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/patients", None, (404, "Not found.")),
        ("GET", "/api/v1/patients", None, (404, "Not found.")),
        ("GET", f"{LIST}/", None, (404, "Not found.")),
        ("GET", f"{LIST}/one", None, (404, "Referral not found.")),
        # A number is written in one way.
        ("GET", f"{LIST}/01", None, (404, "Referral not found.")),
        ("GET", f"{LIST}/0", None, (404, "Referral not found.")),
        ("GET", f"{LIST}/+1", None, (404, "Referral not found.")),
        ("GET", f"{LIST}/%00", None, (404, "Referral not found.")),
        ("GET", f"{LIST}/9999999999999999999", None, (404, "Referral not found.")),
        ("GET", f"{LIST}?BusinessName=%00", None, (400, "BusinessName is invalid.")),
        ("DELETE", f"{LIST}/1", None, (405, "Method not allowed.")),
        ("PUT", f"{LIST}/1", b" " * (BODY_LIMIT_BYTES + 1), (413, "Body is too large.")),
    ],
)
async def test_an_error_is_one_text(
    method: str, path: str, body: bytes | None, expected: tuple[int, str]
) -> None:
    """Whoever answers it: a handler, the router, or whoever reads the body."""
    assert await asked(method, path, body) == expected


async def test_a_fault_is_written_down_without_values() -> None:
    """And answered as one text, too: what it says of a patient is in neither."""
    with capture_logs() as logged:
        assert await asked("GET", f"{LIST}/{FAULT}") == (500, "Internal error.")
    (line,) = logged
    assert (line["log_level"], line["status"], line["error"]) == ("error", 500, "ValueError")
    assert line["where"].startswith("test_web.py:")
    assert "Davidson" not in str(logged)


async def test_a_key_that_is_no_text_is_nobodys() -> None:
    """Bytes that are not UTF-8 are a wrong key like any other."""
    async with TestServer(OpenDentalServer(Shelf()).application()) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        request = f"GET {LIST} HTTP/1.0\r\nAuthorization: ODFHIR any/".encode()
        writer.write(request + b"\xff\r\n\r\n")
        answered = await reader.read()
        writer.close()
    assert answered.startswith(b"HTTP/1.0 401") and answered.endswith(b'"Invalid Credentials"')
