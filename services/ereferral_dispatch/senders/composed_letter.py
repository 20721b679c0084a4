"""The letter in what was composed for a channel: the very bytes that a partner was sent."""

import base64
from email import message_from_bytes
from email.message import Message as MimeMessage
from typing import Any

import orjson

_PDF = "application/pdf"


def letter_in(content: bytes) -> bytes | None:
    """The PDF in a bundle, a mail or a fax provider's request; None in what has none, as a bundle
    that says that a referral is cancelled."""
    if content.startswith(b"{"):
        return _in_json(orjson.loads(content))
    return _in_mail(message_from_bytes(content))


def _in_json(composed: dict[str, Any]) -> bytes | None:
    if "files" in composed:
        return base64.b64decode(composed["files"][0]["file"])
    for entry in composed.get("entry", ()):
        for part in entry.get("resource", {}).get("content", ()):
            if part["attachment"]["contentType"] == _PDF:
                return base64.b64decode(part["attachment"]["data"])
    return None


def _in_mail(mail: MimeMessage) -> bytes | None:
    for part in mail.walk():
        if part.get_content_type() == _PDF:
            pdf = part.get_payload(decode=True)
            return pdf if isinstance(pdf, bytes) else None
    return None
