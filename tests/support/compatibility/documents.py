"""The documents that are published, of two versions: what of the old one a client misses now."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.compatibility.schemas import Break, Comparison, Direction, Resolve, Schema

Documents = Mapping[str, Any]
"""Each JSON document by its path below `docs/`."""

_METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
_FIRST_REFUSAL = "4"


def breaks(old: Documents, new: Documents) -> list[Break]:
    """Everything in the published documents that breaks a client of the old version."""
    found = [
        *_schemas(_below(old, "schemas/"), _below(new, "schemas/")),
        *_each(_asyncapi, _below(old, "asyncapi/"), _below(new, "asyncapi/")),
        *_each(_openapi, _below(old, "openapi/"), _below(new, "openapi/")),
    ]
    return sorted(set(found))


def _below(documents: Documents, folder: str) -> Documents:
    return {path: one for path, one in documents.items() if path.startswith(folder)}


def _each(compare: Any, old: Documents, new: Documents) -> Iterator[Break]:
    for path, document in old.items():
        if path in new:
            yield from compare(document, new[path], path)
        else:
            yield Break(path, "removed")


def _schemas(old: Documents, new: Documents) -> Iterator[Break]:
    """Requests are taken, all else is said. Shapes are looked at where messages point to them."""
    was, is_ = _by_id(old), _by_id(new)
    for path, schema in old.items():
        if path.startswith("schemas/shapes/") or path == "schemas/handoff.json":
            continue
        if path not in new:
            yield Break(path, "removed")
            continue
        taken = path.endswith(".request.json")
        direction = Direction.TAKEN if taken else Direction.SAID
        yield from Comparison(was, is_, direction).breaks(schema, new[path], path)


def _by_id(documents: Documents) -> Resolve:
    return {one["$id"]: one for one in documents.values() if "$id" in one}.__getitem__


def _asyncapi(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    """Channels, operations and messages. A message that clients send ends in `.request`."""
    for kind in ("channels", "operations"):
        for name, one in old[kind].items():
            where = f"{path} {kind} {name}"
            other = new[kind].get(name)
            if other is None:
                yield Break(where, "removed")
            elif _place(one) != _place(other):
                yield Break(where, "is elsewhere, or goes the other way")
    messages = new["components"]["messages"]
    was, is_ = _local(old), _local(new)
    for name, message in old["components"]["messages"].items():
        where = f"{path} messages {name}"
        if name not in messages:
            yield Break(where, "removed")
            continue
        other = messages[name]
        if message.get("contentType") != other.get("contentType"):
            yield Break(where, "has another content type")
        direction = Direction.TAKEN if name.endswith(".request") else Direction.SAID
        comparison = Comparison(was, is_, direction)
        for part in ("payload", "headers"):
            before, after = message.get(part, {}), other.get(part, {})
            yield from comparison.breaks(before, after, f"{where} {part}")


def _place(one: Schema) -> Any:
    """Where a channel is, which way an operation goes."""
    exchange = one.get("bindings", {}).get("amqp", {}).get("exchange", {})
    return one.get("address"), exchange.get("name"), one.get("action"), one.get("channel")


def _openapi(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    was, is_ = _local(old), _local(new)
    for route, methods in old["paths"].items():
        for method, one in methods.items():
            if method not in _METHODS:
                continue
            where = f"{path} {method.upper()} {route}"
            other = new["paths"].get(route, {}).get(method)
            if other is None:
                yield Break(where, "removed")
            else:
                yield from _route(one, other, where, was, is_)


def _route(old: Schema, new: Schema, where: str, was: Resolve, is_: Resolve) -> Iterator[Break]:
    taken = Comparison(was, is_, Direction.TAKEN)
    before = {(one["in"], one["name"]): one for one in old.get("parameters", [])}
    after = {(one["in"], one["name"]): one for one in new.get("parameters", [])}
    for key, one in after.items():
        if one.get("required") and not before.get(key, {}).get("required"):
            yield Break(f"{where} {' '.join(key)}", "required now")
    for key, one in before.items():
        at = f"{where} {' '.join(key)}"
        if key not in after:
            yield Break(at, "removed")
        else:
            yield from taken.breaks(one.get("schema", {}), after[key].get("schema", {}), at)
    body, now = old.get("requestBody"), new.get("requestBody")
    if now and now.get("required") and not (body or {}).get("required"):
        yield Break(f"{where} body", "required now")
    yield from _contents(body or {}, now or {}, f"{where} body", taken)
    said = Comparison(was, is_, Direction.SAID)
    for status, answer in old.get("responses", {}).items():
        at = f"{where} {status}"
        other = new.get("responses", {}).get(status)
        if other is not None:
            yield from _contents(_pointed(answer, was), _pointed(other, is_), at, said)
        elif not status.startswith((_FIRST_REFUSAL, "5")):
            yield Break(at, "removed")


def _contents(old: Schema, new: Schema, where: str, comparison: Comparison) -> Iterator[Break]:
    for kind, one in old.get("content", {}).items():
        other = new.get("content", {}).get(kind)
        if other is None:
            yield Break(f"{where} {kind}", "removed")
        else:
            schema, now = one.get("schema", {}), other.get("schema", {})
            yield from comparison.breaks(schema, now, where)


def _pointed(one: Schema, resolve: Resolve) -> Schema:
    return resolve(one["$ref"]) if "$ref" in one else one


def _local(document: Schema) -> Resolve:
    """What `#/components/…` names in a document."""

    def resolve(reference: str) -> Schema:
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found  # type: ignore[no-any-return]  # JSON

    return resolve
