"""A patient whose data no log, header or figure may show, and where to look for it."""

from typing import Any

from aiormq.abc import DeliveredMessage

NAME, PHONE, BORN = "Kanarienvogel", "+12025550187", "1931-07-23"
EMAIL, WORDS = "kanarienvogel@example.com", "Canary-yellow discolouration"
# As they stand, as they were typed, and as a database or a log may write them.
TRACES = [
    *(NAME, NAME.lower(), NAME.upper(), PHONE, "2025550187", "555-0187", BORN, "1931, 7, 23"),
    *("23.07.1931", "July 23", EMAIL, WORDS, "discolouration"),
]
PATIENT: dict[str, Any] = {
    "name": f"Karla {NAME}",
    "phone": "(202) 555-0187",
    "email": EMAIL,
    "date_of_birth": BORN,
    "observed_at": "2026-01-05T08:00:00Z",
}


def traces_in(text: str) -> list[str]:
    """What of the patient stands in a text."""
    return [trace for trace in TRACES if trace in text]


def envelope(message: DeliveredMessage) -> str:
    """Everything of a message but its body."""
    properties = message.header.properties
    said = {name: getattr(properties, name) for name in properties.__slots__}
    return str((message.exchange, message.routing_key, said))
