"""The place of a message's field in the request that it came from."""

from collections.abc import Mapping
from typing import Any, Final

from services.edge.problems import Loc
from services.edge.routes import VERSION_FIELD, Form, Route

PER_PAGE: Final = "per_page"
_ATTRIBUTES: Final = ("body", "data", "attributes")
_RELATIONSHIPS: Final = ("body", "data", "relationships")
_IN_JSON_API: Final[Mapping[str, Loc]] = {
    "page_size": ("query", PER_PAGE),
    "id": ("body", "data", "id"),
    "overwrite": (*_ATTRIBUTES, "overwrite"),
    "updated_in_db_at": (*_ATTRIBUTES, "updated_in_db_at"),
    "referred_by_uuid": (*_RELATIONSHIPS, "referred_by", "data", "id"),
    "referred_to_uuid": (*_RELATIONSHIPS, "referred_to", "data", "id"),
}


def place_of(route: Route, field: str, said: Mapping[str, Any]) -> Loc:
    """The place of a field of the operation's request, of which `said` holds those that were given.

    A place in a document is one that is there, as JSON:API demands: what was left out is missing
    in its resource.
    """
    if route.form is Form.JSON_API and field == VERSION_FIELD:
        field = "updated_in_db_at"  # What stands for it in a document.
    match route.form:
        case Form.JSON_API if field in _IN_JSON_API:
            loc = _IN_JSON_API[field]
            return loc if loc[0] != "body" or field in said else ("body", "data")
        case Form.EXTERNAL_REFERRAL if field == "rows":
            return ("body",)
    return (route.place_of(field), field)
