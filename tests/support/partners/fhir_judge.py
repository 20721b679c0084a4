"""Laws of every bundle: `fhir.resources` reads it; what that lets pass is checked here."""

from collections import Counter
from typing import Any
from uuid import UUID

import orjson
from fhir.resources.R4B.bundle import Bundle

# R4's required value sets: request-status, request-intent, request-priority, task-status,
# task-intent, document-reference-status, contact-point-system, contact-point-use.
REQUEST_STATUS = [
    "draft",
    "active",
    "on-hold",
    "revoked",
    "completed",
    "entered-in-error",
    "unknown",
]
INTENT = [
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
]
PRIORITY = ["routine", "urgent", "asap", "stat"]
TASK_STATUS = [
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
]
TASK_INTENT = ["unknown", *INTENT]
DOCUMENT_STATUS = ["current", "superseded", "entered-in-error"]
CONTACT_SYSTEM = ["phone", "fax", "email", "pager", "url", "sms", "other"]
CONTACT_USE = ["home", "work", "temp", "old", "mobile"]

Json = dict[str, Any]


def judge(content: bytes) -> None:
    """Fail unless it is an R4 transaction that holds together."""
    Bundle.model_validate_json(content)
    bundle = orjson.loads(content)
    check_closed_lists(bundle)
    check_entries(bundle)


def resources(bundle: Json, kind: str) -> list[Json]:
    """The bundle's resources of one type."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


def references(value: object) -> list[str]:
    """Every reference within a value."""
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in references(inner)]
    return []


def check_closed_lists(bundle: Json) -> None:
    """Every status and code of a required value set is in it; the judge takes any."""
    assert bundle["type"] == "transaction"
    for request in resources(bundle, "ServiceRequest"):
        assert request["status"] in REQUEST_STATUS
        assert request["intent"] in INTENT
        assert request["priority"] in PRIORITY
    for task in resources(bundle, "Task"):
        assert task["status"] in TASK_STATUS
        assert task["intent"] in TASK_INTENT
        assert task["priority"] in PRIORITY
    for document in resources(bundle, "DocumentReference"):
        assert document["status"] in DOCUMENT_STATUS
    for entry in bundle["entry"]:
        for point in entry["resource"].get("telecom", ()):
            assert point["system"] in CONTACT_SYSTEM
            assert point.get("use", "work") in CONTACT_USE


def check_entries(bundle: Json) -> None:
    """Names are unique, every reference leads to an entry, and conditions name an identifier."""
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    assert set(references(bundle)) <= set(urls)
    for url in urls:
        assert UUID(url.removeprefix("urn:uuid:")).version == 5
    conditions = []
    for entry in bundle["entry"]:
        kind, request = entry["resource"]["resourceType"], entry["request"]
        if request["method"] == "POST":
            assert request["url"] == kind
            condition = request["ifNoneExist"]
        else:
            assert request["method"] == "PUT"
            named, _, condition = request["url"].partition("?")
            assert named == kind
        identifiers = [f"{i['system']}|{i['value']}" for i in entry["resource"]["identifier"]]
        assert condition.removeprefix("identifier=") in identifiers
        conditions.append((kind, condition))
    assert max(Counter(conditions).values()) == 1
