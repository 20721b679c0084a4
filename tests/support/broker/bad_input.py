"""Bad input, kind by kind, with its answer by docs/contract/wire.md#messages."""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.samples.packages import sample_package

Errors = set[tuple[str, str]]

ORG, PARTNER = "@org@", "@partner@"
"""In a body: the org that asks, and the id of a partner that it has."""

FIVE_THOUSAND_DIGITS = "@digits@"
"""In a value: a number that Python would not write."""

A_UUID = "0192d4e0-7b1a-7c3d-8e4f-123456789abc"
WHEN = "2026-01-31T09:30:00Z"
MEBIBYTE = 1024 * 1024
MALFORMED = "malformed_message"

_PARTNER = {"first_name": "Ann", "last_name": "Archer"}
_PATIENT = {"patient_uuid": A_UUID, "name": "Paul Pace", "observed_at": WHEN}
_COST = {
    "referral_source_uuid": A_UUID,
    "amount": 1,
    "period_start": "2026-01-01",
    "period_end": "2026-01-31",
}
_REFERRAL = {"patient_uuid": A_UUID, "referral_partner_uuid": A_UUID, "reason": "Root canal"}


@dataclass(frozen=True)
class Bad:
    """One bad message.

    `errors` are those of a 422, each its path and type. `properties` come on top of the content
    type and a message id; None leaves one out. `service` is whose exchange it goes to.
    """

    name: str
    body: bytes
    code: str = MALFORMED
    errors: Errors = field(default_factory=set)
    operation: str = "referral_partner.create"
    properties: dict[str, Any] = field(default_factory=dict)
    service: str = "referrals"
    is_query: bool = False

    def __str__(self) -> str:
        return self.name


def _json(fields: dict[str, Any]) -> bytes:
    written = json.dumps({"org_id": ORG, **fields}).encode()
    return written.replace(f'"{FIVE_THOUSAND_DIGITS}"'.encode(), b"7" * 5_000)


def _raw(members: str) -> bytes:
    """A partner with members of JSON as they are written."""
    return f'{{"org_id": "{ORG}", "first_name": "Ann", "last_name": "Archer", {members}}}'.encode()


_GOOD = _json(_PARTNER)


def _enveloped(name: str, code: str = MALFORMED, **properties: Any) -> Bad:
    """A good body in an envelope that is not."""
    operation = properties.pop("operation", "referral_partner.create")
    return Bad(name, _GOOD, code, operation=operation, properties=properties)


ENVELOPES = [
    Bad("nothing", b""),
    Bad("half an object", b'{"org_id":'),
    Bad("a list", b"[" + _GOOD + b"]"),
    Bad("two documents", _GOOD + _GOOD),
    Bad("a comma too many", _raw('"notes": "n",')),
    Bad("text that is no UTF-8", _GOOD.replace(b"Ann", b"\xff\xfe")),
    Bad("UTF-16", _GOOD.decode().encode("utf-16")),
    Bad("two byte order marks", b"\xef\xbb\xbf" * 2 + _GOOD),
    Bad("NaN", _raw('"notes": NaN')),
    Bad("Infinity", _raw('"notes": [{"x": -Infinity}]')),
    Bad("nested 33 deep", _raw('"x": ' + "[" * 32 + "]" * 32)),
    Bad("nested 100,000 deep", _raw('"x": ' + "[" * 100_000 + "]" * 100_000)),
    Bad("one octet more than 1 MiB", _GOOD + b" " * (MEBIBYTE + 1 - len(_GOOD))),
    Bad("16 MiB", b" " * (16 * MEBIBYTE)),  # beyond it RabbitMQ 4 closes the channel
    Bad("no org", b'{"first_name": "Ann", "last_name": "Archer"}'),
    Bad("a number as org", _GOOD.replace(f'"{ORG}"'.encode(), b"1")),
    Bad("an org with NUL", _GOOD.replace(ORG.encode(), b"org\\u0000")),
    Bad("an org of 65 characters", _GOOD.replace(ORG.encode(), b"o" * 65)),
    Bad("the last of two orgs is none", _raw('"org_id": ""')),
    _enveloped("no content type", content_type=None),
    _enveloped("another content type", content_type="text/json"),
    Bad("compressed", gzip.compress(_GOOD), properties={"content_encoding": "gzip"}),
    _enveloped("another encoding", content_encoding="latin-1"),
    _enveloped("a type that is not the routing key", message_type="referral_partner.archive"),
    _enveloped("no message id", message_id=None),
    _enveloped("a message id that is no UUID", message_id="1"),
    _enveloped("an actor of 129 characters", headers={"actor": "x" * 129}),
    _enveloped("an actor that is a table", headers={"actor": {"id": "staff-7"}}),
    _enveloped("an actor that is a number", headers={"actor": 7}),
    _enveloped("an actor on two lines", headers={"actor": "staff\r\nBcc: x"}),
    _enveloped("an actor that is no text", headers={"actor": bytearray(b"\xff")}),
    _enveloped("no such operation", "unknown_operation", operation="referral_partner.melt"),
    _enveloped("an operation of the other queue", "unknown_operation", operation="patient.get"),
    _enveloped("an empty routing key", "unknown_operation", operation=""),
    _enveloped("the longest routing key", "unknown_operation", operation="x" * 255),
]


def _fields(operation: str, least: dict[str, Any], kinds: list[tuple[Any, ...]]) -> list[Bad]:
    """Each of `kinds`: a field, a value that it does not take, the type of its error."""
    return [
        Bad(
            f"{operation} {name} {str(value)[:30]!a}",
            _json({**least, name: value}),
            "validation_error",
            {(name, error)},
            operation,
        )
        for name, value, error in kinds
    ]


_TEXTS = [
    ("first_name", "a\x00b", "text_characters"),
    ("first_name", "Ann\r\nBcc: x@example.org", "text_characters"),
    ("last_name", "A\nB", "text_characters"),
    ("practice_name", "\u202egnp.exe", "text_characters"),
    ("city", "a\u2066b", "text_characters"),
    ("notes", "\ud800", "text_characters"),
    ("notes", "a\x1bb", "text_characters"),
    ("first_name", "x" * 201, "string_too_long"),
    ("notes", "x" * 10_001, "string_too_long"),
    ("first_name", "a" + "\u0301\u0323" * 80_000, "string_too_long"),
    ("first_name", 1, "string_type"),
    ("no_such_field", None, "extra_forbidden"),
    ("id", "{0192d4e0-7b1a-7c3d-8e4f-123456789abc}", "uuid_parsing"),
    ("is_active", 1, "bool_type"),
    ("is_active", "true", "bool_type"),
    ("contact_type", "Provider", "enum"),
    ("country", None, "string_type"),
    ("npi", "1234567890", "npi_checksum"),
]
_ADDRESSES = [
    ("email", "a@example.org, b@example.org", "email_invalid"),
    ("email", "a@example.org\r\nBcc: b@example.org", "text_characters"),
    ("email", "Ann <a@example.org>", "email_invalid"),
    ("email", "a" * 300 + "@example.org", "email_invalid"),
    ("phone", "+1 202 555 0143 ext. desk", "phone_invalid"),
    ("fax", "+12025550143\r\nX: y", "text_characters"),
    *(
        ("ereferral_endpoint", endpoint, "endpoint_invalid")
        for endpoint in (
            "https://user:secret@portal.example/",
            "https://portal.example/#fragment",
            "https://portal.example/\r\nHost: x",
            "https:///no-host",
            "https://portal.example:0/",
            "https://portal.example/" + "x" * 2048,
            "portal.example/fhir",
            "javascript:alert(1)",
            "mailto:a@example.org?bcc=b@example.org",
            "mailto:a@example.org,b@example.org",
            "mailto:a@example.org%0D%0ABcc:b@example.org",
        )
    ),
]
_TIMES = [
    ("observed_at", "2026-01-31T09:30:00", "time_format"),
    ("observed_at", "10000-01-01T00:00:00Z", "time_format"),
    ("observed_at", "9999-12-31T23:59:59-00:01", "time_value"),
    ("observed_at", "0001-01-01T00:00:00+00:01", "time_value"),
    ("observed_at", "2026-12-31T23:59:60Z", "time_value"),
    ("observed_at", 1_769_851_800, "datetime_type"),
    ("date_of_birth", "2026-02-30", "date_value"),
]
_MONEY = [
    ("amount", "12.345", "decimal_max_places"),
    ("amount", "1e400", "decimal_parsing"),
    ("amount", "NaN", "decimal_parsing"),
    ("amount", -1, "greater_than_equal"),
    ("amount", 10**10, "less_than"),
    ("amount", True, "decimal_type"),
]
_UPDATE = {"referral_partner_uuid": PARTNER, "base_version": 1}
_VERSIONS = [("base_version", v, "int_type") for v in ("1", True, 1.0, FIVE_THOUSAND_DIGITS)] + [
    ("base_version", v, "greater_than_equal") for v in (0, -1, -(2**63))
]

FIELDS = [
    *_fields("referral_partner.create", _PARTNER, _TEXTS + _ADDRESSES),
    *_fields("patient.put", _PATIENT, _TIMES),
    *_fields("referral_source_cost.create", _COST, _MONEY),
    *_fields("referral_partner.update", _UPDATE, _VERSIONS),
    *_fields("referral.create", _REFERRAL, [("teeth", ["14"] * 53, "too_long")]),
    Bad(
        "a version that no column holds",
        _json({**_UPDATE, "base_version": 2**63}),
        "version_conflict",
        operation="referral_partner.update",
    ),
    Bad(
        "an amount beyond every float",
        _json(_COST).replace(b'"amount": 1', b'"amount": 1e400'),
        "validation_error",
        {("amount", "less_than")},
        "referral_source_cost.create",
    ),
    Bad(
        "a field whose name is no text",
        _raw('"\\ud800": 1'),
        "validation_error",
        {("", "string_unicode")},
    ),
]


def _query(name: str, value: Any, error: str) -> Bad:
    return Bad(
        f"referral_partner.list {name} {str(value)[:30]!a}",
        _json({name: value}),
        "validation_error",
        {(name, error)},
        "referral_partner.list",
        is_query=True,
    )


QUERIES = [
    _query("page", True, "int_type"),
    _query("page", -1, "greater_than_equal"),
    _query("page_size", 201, "less_than_equal"),
    _query("search", "", "text_empty"),
    _query("search", "a\x00", "text_characters"),
    _query("specialty", "\u2067", "text_characters"),
]


def _packaged(part: str, name: str, value: Any, error: str) -> Bad:
    """An e-referral whose package holds what would end up in a mail's header or in a column."""
    package = json.loads(sample_package().to_json())
    package[part][name] = value
    return Bad(
        f"ereferral.dispatch {part}.{name} {str(value)[:30]!a}",
        _json({key: value for key, value in package.items() if key != "org_id"}),
        "validation_error",
        {(f"{part}.{name}", error)},
        "ereferral.dispatch",
        service="ereferral_dispatch",
    )


def _contradicting(name: str) -> Bad:
    """An e-referral whose referral is about another one than the package holds."""
    package = json.loads(sample_package().to_json())
    package["referral"][name] = {"uuid": A_UUID, "name": "Somebody Else"}
    return Bad(
        f"ereferral.dispatch another {name}",
        _json({key: value for key, value in package.items() if key != "org_id"}),
        "validation_error",
        {(f"referral.{name}.uuid", "reference_mismatch")},
        "ereferral.dispatch",
        service="ereferral_dispatch",
    )


PACKAGES = [
    _packaged("practice", "name", "Clinic\r\nBcc: x@example.org", "text_characters"),
    _packaged("practice", "email", "a@example.org, b@example.org", "email_invalid"),
    _packaged("practice", "country", "United States", "country_code"),
    _packaged("partner", "first_name", "a\x00b", "text_characters"),
    _packaged("partner", "email", "a@example.org\nTo: b@example.org", "text_characters"),
    _packaged("partner", "ereferral_endpoint", "mailto:a@b.example?cc=c@d", "endpoint_invalid"),
    _packaged("patient", "name", "\u202eA", "text_characters"),
    _packaged("patient", "name", "\ud800", "text_characters"),
    _packaged("referral", "reason", "x" * 2_001, "string_too_long"),
    _packaged("referral", "teeth", ["14"] * 53, "too_long"),
    _packaged("referral", "version", FIVE_THOUSAND_DIGITS, "int_type"),
    *(_contradicting(name) for name in ("patient", "referral_partner", "referring_provider")),
]

ALL = [*ENVELOPES, *FIELDS, *QUERIES, *PACKAGES]
