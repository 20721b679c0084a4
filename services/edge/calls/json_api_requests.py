"""Contact referrals as JSON:API documents: what a client's document says.

Source: docs/contract/http.md#json-api; https://jsonapi.org/format/1.1/.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.problems import Refusal
from messaging.wire.envelope import read_json
from services.edge.calls import headers as h
from services.edge.calls.query import shown
from services.edge.problems import Detail, EdgeCode, Loc, invalid, refusal
from services.edge.routes import Route

TYPE: Final = "contact_referrals"
CONTACTS: Final = "contacts"
RELATED: Final = ("referred_by", "referred_to")
_IGNORED: Final = ("created_at", "updated_at")
_DATA: Final[Loc] = ("body", "data")


def read_document(
    route: Route, headers: h.Headers, body: bytes, path: Mapping[str, str]
) -> dict[str, Any]:
    """The fields that a document says. Raises HttpProblem.

    Members that JSON:API does not know are passed over, as it demands; an attribute or relationship
    that a contact referral does not have is refused. A DELETE's document says nothing.
    """
    if not route.in_body:
        return {}
    h.check_is_json_api(headers)
    try:
        document = read_json(body)
    except Refusal as malformed:
        raise refusal(EdgeCode.MALFORMED_REQUEST, ("body",), malformed.problem.detail) from None
    resource = document.get("data") if isinstance(document, dict) else None
    if not isinstance(resource, dict):
        at: Loc = _DATA if isinstance(document, dict) and "data" in document else ("body",)
        raise invalid([Detail(at, "dict_type", "data must be one resource object")])
    _check_is_meant(resource, path)
    creates = route.method == "POST"
    wrong: list[Detail] = []
    fields = _attributes(resource, wrong, creates=creates)
    related = _relationships(resource, wrong)
    if creates:
        if "id" in resource:
            fields["id"] = resource["id"]
        by = related.pop("referred_by_uuid", path["contact_uuid"])
        if not _same(by, path["contact_uuid"]):
            at = (*_DATA, "relationships", "referred_by", "data", "id")
            wrong.append(Detail(at, "not_of_the_path", "Must be the path's contact, or left out"))
    if wrong:
        raise invalid(wrong)
    return {**fields, **related}


def _check_is_meant(resource: Mapping[str, Any], path: Mapping[str, str]) -> None:
    """Raises HttpProblem 409 where the resource is none of this path (JSON:API, updating)."""
    if resource.get("type") != TYPE:
        at: Loc = (*_DATA, "type") if "type" in resource else _DATA
        raise refusal(EdgeCode.RESOURCE_MISMATCH, at, f"type must be {TYPE}.")
    named = path.get("contact_referral_uuid")
    if named is not None and "id" in resource and not _same(resource["id"], named):
        raise refusal(EdgeCode.RESOURCE_MISMATCH, (*_DATA, "id"), "id must be the path's.")


def _attributes(
    resource: Mapping[str, Any], wrong: list[Detail], *, creates: bool
) -> dict[str, Any]:
    """What a change is based on. Of a new one, nothing: its times are not the client's to say."""
    at: Loc = (*_DATA, "attributes")
    known = (*_IGNORED, "updated_in_db_at", *(() if creates else ("overwrite",)))
    said = _members(resource, "attributes", at, known, wrong)
    if creates:
        return {}
    fields = {name: value for name, value in said.items() if name not in _IGNORED}
    overwrite = fields.get("overwrite")
    if overwrite is None or overwrite is False:  # 0 is neither, and is refused by the service.
        fields.pop("overwrite", None)
    return fields


def _relationships(resource: Mapping[str, Any], wrong: list[Detail]) -> dict[str, Any]:
    """The contacts that are named, by their fields."""
    at: Loc = (*_DATA, "relationships")
    fields: dict[str, Any] = {}
    for name, related in _members(resource, "relationships", at, RELATED, wrong).items():
        linked = related.get("data") if isinstance(related, dict) else None
        if not isinstance(linked, dict) or "id" not in linked:
            wrong.append(Detail((*at, name), "dict_type", "data must be one contact: type and id"))
        elif linked.get("type") != CONTACTS:
            wrong.append(Detail((*at, name, "data"), "literal_error", f"type must be {CONTACTS}"))
        else:
            fields[f"{name}_uuid"] = linked["id"]
    return fields


def _members(
    resource: Mapping[str, Any], name: str, at: Loc, known: Sequence[str], wrong: list[Detail]
) -> dict[str, Any]:
    given = resource.get(name, {})
    if not isinstance(given, dict):
        wrong.append(Detail(at, "dict_type", "Must be an object"))
        return {}
    msg = f"There is no such member; there are {', '.join(known)}"
    wrong.extend(
        Detail((*at, shown(one)), "extra_forbidden", msg) for one in given if one not in known
    )
    return {one: given[one] for one in known if one in given}


def _same(said: Any, named: str) -> bool:
    return isinstance(said, str) and said.lower() == named.lower()
