"""Messages as the broker delivers them, made by hand."""

import json
from typing import Any
from unittest.mock import Mock

from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.header import ContentHeader

MESSAGE_ID = "0192d4e0-7b1a-7c3d-8e4f-123456789abc"


def delivery(
    body: bytes | dict[str, Any], routing_key: str = "patient.put", **properties: Any
) -> DeliveredMessage:
    """A well-formed command with this body, but for what `properties` say otherwise."""
    given = {"content_type": "application/json", "message_id": MESSAGE_ID, **properties}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DeliveredMessage(
        delivery=spec.Basic.Deliver(
            delivery_tag=1, exchange="referrals.commands", routing_key=routing_key
        ),
        header=ContentHeader(properties=spec.Basic.Properties(**given), body_size=len(content)),
        body=content,
        channel=Mock(spec=AbstractChannel),
    )
