"""The contracts as JSON Schemas: what a client may send, what a service says, what it publishes.

A shape that several messages share is described once. What a service says is open: new optional
fields may come, and a reader must not refuse them. The same contracts always give the same schemas.
"""

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.events import SCHEMA_PREFIX, CloudEvent, Event
from contracts.operations import Kind, Operation
from contracts.problems import Problem
from contracts.referral import Answered
from contracts.replies import ReplyStatus
from contracts.shapes import Change

Schema = dict[str, Any]

_FORGOTTEN: Schema = {
    "type": "object",
    "description": "What a repeat gets once the stored reply was emptied.",
    "properties": {"id": {"type": "string", "format": "uuid"}},
    "required": ["id"],
    "additionalProperties": False,
}

_ABSENT_WHERE_UNSET: dict[type[BaseModel], tuple[str, ...]] = {
    Problem: ("current_version",),
    CloudEvent: ("causationid", "traceparent", "changed", "overwrote"),
}
"""With those of `Answered` the only fields of what a service says that are left out instead of
being null."""


class _RequestSchema(GenerateJsonSchema):
    """What a client may send."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A field's name in other words says nothing."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """With the defaults but null: that a field may be left out, `required` says."""
        unset = schema.get("default", True) is None
        return self.generate_inner(schema["schema"]) if unset else super().default_schema(schema)


class _UpdateSchema(_RequestSchema):
    """What a client may send to change a resource: a field that is left out stays as it is."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without the defaults, which are those of a new resource."""
        return self.generate_inner(schema["schema"])


class _OutSchema(_UpdateSchema):
    """What a service says: every field is always there, times are RFC 3339."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Unset is null, never absent."""
        return True

    def ser_schema(self, schema: Any) -> JsonSchemaValue | None:
        """A serializer that wraps only leaves fields out: what it wraps is what is said."""
        return None if schema["type"] == "function-wrap" else super().ser_schema(schema)

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """Times are given as text by a serializer of our own, behind which their format is lost."""
        made = super().generate_inner(schema)
        inner: Any = schema
        while "schema" in inner and inner["type"] != "model":
            inner = inner["schema"]
        if inner["type"] == "datetime" and made == {"type": "string"}:
            return {"type": "string", "format": "date-time"}
        return made


class Schemas:
    """Makes the schemas of messages, which point to those of shared shapes.

    `reference` makes the `$ref` to a shape from its name. `shapes` are those that were pointed to.
    """

    def __init__(self, reference: Callable[[str], str]) -> None:
        self._reference = reference
        self.shapes: dict[str, Schema] = {}

    def request(self, request: type[BaseModel]) -> Schema:
        """What a client may send."""
        generator = _UpdateSchema if issubclass(request, Change) else _RequestSchema
        schema = TypeAdapter(request).json_schema(mode="validation", schema_generator=generator)
        return self._sharing(schema)

    def reply(self, operation: Operation[Any, Any] | None) -> Schema:
        """What a client reads: `data` with its status, or a problem. None: a reply to anything."""
        successes = [_object(status={"type": "integer", "minimum": 200, "maximum": 299}, data=True)]
        if operation is not None:
            successes = [
                _object(status={"const": int(status)}, data=data)
                for status, data in self.data(operation).items()
            ]
        refusal: Schema = {"type": "integer", "minimum": 400, "maximum": 599}
        if operation is None or operation.kind is Kind.COMMAND:
            # A repeat of what was refused, once the stored reply was emptied.
            successes.append(_object(status=refusal, data={"type": "null"}))
        refused = _object(status=refusal, problem=self.shape(Problem))
        return {
            "title": f"Reply to {operation.name}" if operation else "Reply",
            "description": "`data` or `problem`, never both.",
            "oneOf": [*successes, refused],
        }

    def data(self, operation: Operation[Any, Any]) -> dict[ReplyStatus, Schema]:
        """What `data` may be, by the status of success."""
        return {status: self._any_of(options) for status, options in _successes(operation).items()}

    def event(self, event: Event[Any]) -> Schema:
        """A CloudEvent with its `data`."""
        envelope = self._said(CloudEvent)
        envelope["properties"]["data"] = self.shape(event.data)
        if event.says_overwrote:
            envelope["required"].append("overwrote")
        else:
            del envelope["properties"]["overwrote"]
        fixed = {"source": event.source, "type": event.name, "dataschema": event.dataschema}
        for name, value in fixed.items():
            envelope["properties"][name] = {"const": str(value)}
        description = f"CloudEvent {event.name}, published to {event.source[1:]}.events."
        return {**envelope, "title": f"Event {event.name}", "description": description}

    def shape(self, shape: type[BaseModel]) -> Schema:
        """A reference to what a service says, whose schema joins the shapes."""
        name = shape_name(shape)
        if name not in self.shapes:
            self._add(name, self._said(shape))
        return {"$ref": self._reference(name)}

    def _said(self, shape: type[BaseModel]) -> Schema:
        schema: Schema = _open(
            TypeAdapter(shape).json_schema(mode="serialization", schema_generator=_OutSchema)
        )
        for name in _left_out_where_unset(shape):
            schema["required"].remove(name)
            (schema["properties"][name],) = (
                kind for kind in schema["properties"][name]["anyOf"] if kind != {"type": "null"}
            )
        return self._sharing(schema)

    def _sharing(self, schema: Schema) -> Schema:
        """The schema, whose definitions join the shapes; two of one name have to say the same."""
        names: dict[str, str] = {}
        definitions = schema.pop("$defs", {})
        for name, definition in definitions.items():
            names[name] = _name_of(name, definition)
        for name, definition in definitions.items():
            self._add(names[name], self._pointing(definition, names))
        pointed: Schema = self._pointing(schema, names)
        return pointed

    def _add(self, name: str, schema: Schema) -> None:
        """Raises ValueError where two shapes of one name say different things."""
        if self.shapes.setdefault(name, schema) not in ({}, schema):
            raise ValueError(f"two shapes are called {name}")
        self.shapes[name] = schema

    def _pointing(self, schema: Any, names: dict[str, str]) -> Any:
        if isinstance(schema, list):
            return [self._pointing(part, names) for part in schema]
        if not isinstance(schema, dict):
            return schema
        return {
            key: self._reference(names[part.rpartition("/")[2]])
            if key == "$ref"
            else self._pointing(part, names)
            for key, part in schema.items()
        }

    def _any_of(self, options: "list[Data]") -> Schema:
        schemas = [self._data(option) for option in options]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _data(self, data: "Data") -> Schema:
        if data is None:
            return {"type": "null"}
        return data if isinstance(data, dict) else self.shape(data)


def _left_out_where_unset(shape: type[BaseModel]) -> tuple[str, ...]:
    if issubclass(shape, Answered):
        return shape.LEFT_OUT_WHERE_UNSET
    return _ABSENT_WHERE_UNSET.get(shape, ())


def shape_name(shape: type[BaseModel]) -> str:
    """How a shape is called."""
    return _plain(shape.__name__)


def schema_id(name: str) -> str:
    """The `$id` of a shape or message: an absolute URI, and of an event's data its `dataschema`."""
    return f"{SCHEMA_PREFIX}{file_name(name)}:v1"


def file_name(name: str) -> str:
    """A shape's name as files and `$id` write it: `referral_partner` for `ReferralPartner`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


Data = type[BaseModel] | Schema | None
"""What a reply's `data` may be: a shape, a schema, or null."""


def _successes(operation: Operation[Any, Any]) -> dict[ReplyStatus, list[Data]]:
    """Each status of success with what its data may be."""
    successes: dict[ReplyStatus, list[Data]] = {
        status: list(shapes) for status, shapes in operation.replies.items()
    }
    if operation.kind is Kind.COMMAND:
        for options in successes.values():
            options.append(_FORGOTTEN)
    return successes


def _open(schema: Any) -> Any:
    """New optional fields may come: a reader must not refuse them."""
    if isinstance(schema, list):
        return [_open(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = schema.get("additionalProperties") is False
    return {
        name: _open(part)
        for name, part in schema.items()
        if not (closed and name == "additionalProperties")
    }


_WHOLE = {
    "Ereferral": "EreferralListItem",
    "EreferralChange": "Ereferral",
    "Referral": "ReferralListItem",
    "ReferralChange": "Referral",
}
"""The events of these carry the whole of it, and their schema has its name."""


def _plain(name: str) -> str:
    plain = _without_brackets(name)
    return _WHOLE.get(plain, plain)


def _without_brackets(name: str) -> str:
    """Pydantic's name of a shape."""
    return name.replace("[", "Of").replace("]", "").removesuffix("_")


def _name_of(definition_name: str, definition: Schema) -> str:
    """What a client gives is closed and what a service says is open: it has a name of its own."""
    closed = definition.get("additionalProperties") is False
    return f"{_without_brackets(definition_name)}Given" if closed else _plain(definition_name)


def _object(**properties: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": sorted(properties)}
