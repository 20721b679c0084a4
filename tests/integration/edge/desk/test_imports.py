"""The page of rows that could not be imported; what connectors would reply is given here."""

from typing import Any
from unittest.mock import patch

import orjson

from messaging.replies.standing_client import Replied
from tests.support.services.desk import at_the_desk
from tests.support.services.edge import Caller, RunningEdge

ROW = {
    "id": "01930000-0000-7000-8000-0000000000e1",
    "version": 3,
    "created_at": "2026-11-29T09:00:00Z",
    "updated_at": "2026-11-29T09:00:00Z",
    "connection_uuid": "01930000-0000-7000-8000-0000000000c1",
    "kind": "patient",
    "external_id": "4711",
    "external_version": "1",
    "code": "possible_duplicate",
    "fields": ["name"],
    "uuid": None,
    "resolution": None,
    "resolved_at": None,
}


async def test_a_row_that_waits_is_decided(edge: RunningEdge, caller: Caller) -> None:
    """It says why it waits, without a value; the button that is pressed is what is sent."""
    visitor = await at_the_desk(edge, caller.org_id)
    client, asked = edge.edge.client, []
    ask = client.ask

    async def connectors(exchange: str, operation: str, body: bytes, **named: Any) -> Replied:
        if not exchange.startswith("connectors."):
            return await ask(exchange, operation, body, **named)
        asked.append((operation, orjson.loads(body)))
        listed = [ROW] if operation == "import_row.list" else []
        page = {"items": listed, "page": 1, "page_size": 50, "total": len(listed)}
        return Replied(200, orjson.dumps(ROW if operation.endswith("resolve") else page))

    with patch.object(client, "ask", connectors):
        page = await visitor.open("/imports")
        assert page.status == 200
        assert "Patient 4711" in page.text
        assert "Somebody of that name is here already" in page.text
        shown = await visitor.press(page.form("import_row.resolve"), resolution="create")
        assert "Written down." in shown.text
    (sent,) = [body for operation, body in asked if operation == "import_row.resolve"]
    assert sent == {
        "org_id": caller.org_id,
        "import_row_uuid": ROW["id"],
        "base_version": 3,
        "resolution": "create",
        "uuid": None,
    }


async def test_who_may_not_decide_sees_no_button(edge: RunningEdge, caller: Caller) -> None:
    """And who may not look has no page."""
    visitor = await at_the_desk(edge, caller.org_id, operations=["intake.*"])
    assert (await visitor.open("/imports")).status == 403
    assert not any(link.endswith("/imports") for link in (await visitor.open()).links)
