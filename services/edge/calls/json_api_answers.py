"""Contact referrals as JSON:API documents: what is answered, and refusals.

Source: docs/contract/http.md#json-api; https://jsonapi.org/format/1.1/.
"""

import hashlib
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

import orjson

from messaging.replies.standing_client import Replied
from services.edge.calls import headers as h
from services.edge.calls.answering import Answer, refused
from services.edge.calls.json_api_requests import CONTACTS, RELATED, TYPE
from services.edge.calls.reading import Call
from services.edge.problems import HttpProblem, Loc, words
from services.edge.routes import Shown

SHOWN_TIMES: Final = ("created_at", "updated_at", "updated_in_db_at")
_VERSION: Final = {"jsonapi": {"version": "1.1"}}


def answer(call: Call, replied: Replied, headers: h.Headers) -> Answer:
    """The document that answers a call. Raises HttpProblem where it was refused."""
    if replied.status >= 400:
        raise refused(call, replied)
    if replied.status == 204:
        return Answer(204, None)
    said = orjson.loads(replied.data)
    if "items" in said:
        body = _written({"data": [_resource(call, one) for one in said["items"]], **_page(said)})
        return Answer(replied.status, body, content_type=Shown.JSON_API)
    resource = _resource(call, said)
    body = _written({"data": resource})
    about: dict[str, str] = {}
    if call.route.method == "POST":
        about["Location"] = resource["links"]["self"]
    if "version" in said:
        about["ETag"] = f'"{said["version"]}.{hashlib.sha256(body).hexdigest()[:12]}"'
        if not call.route.writes and h.if_none_match(headers, about["ETag"]):
            return Answer(304, None, about)
    return Answer(replied.status, body, about, Shown.JSON_API)


def _resource(call: Call, said: Mapping[str, Any]) -> dict[str, Any]:
    """A contact referral; of a reply that is no longer kept, its id alone."""
    by = said["referred_by"]["uuid"] if "referred_by" in said else call.fields["contact_uuid"]
    root = call.route.path.partition(f"/{CONTACTS}/")[0].format(**call.fields)
    link = f"{root}/{CONTACTS}/{by}/referrals/{said['id']}"
    resource: dict[str, Any] = {"type": TYPE, "id": said["id"], "links": {"self": link}}
    if "referred_by" in said:
        resource["attributes"] = {name: said[name] for name in SHOWN_TIMES}
        resource["relationships"] = {
            name: {"data": {"type": CONTACTS, "id": said[name]["uuid"]}} for name in RELATED
        }
    return resource


def _page(said: Mapping[str, Any]) -> dict[str, Any]:
    size, total = said["page_size"], said["total"]
    pagination = {
        "page": said["page"],
        "per_page": size,
        "total": total,
        "total_pages": ceil(total / size),
    }
    return {"meta": {"pagination": pagination}}


def errors(problem: HttpProblem) -> bytes:
    """A refusal as a document: an error for each thing that is wrong.

    The problem's members stand in `meta`, that of the document and that of each error: client
    libraries hand on the errors alone.
    """
    meta = {"meta": dict(problem.members)} if problem.members else {}
    return _written(
        {
            "errors": [
                {
                    "status": str(problem.status),
                    "code": one.type,
                    "title": words(problem.code),
                    "detail": one.msg,
                    **_source(one.loc),
                    **meta,
                }
                for one in problem.detail
            ],
            **meta,
        }
    )


def _source(loc: Loc) -> dict[str, Any]:
    """Where it is: a JSON Pointer into the document (RFC 6901), a parameter or a header."""
    place, *steps = loc
    match place:
        case "body":
            escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
            return {"source": {"pointer": "".join(f"/{step}" for step in escaped)}}
        case "query" if steps:
            return {"source": {"parameter": str(steps[0])}}
        case "header":
            return {"source": {"header": str(steps[0])}}
    return {}


def _written(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps({**_VERSION, **document})
