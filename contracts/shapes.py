"""The bases of every message: how strict it is, what every resource and every list has."""

from datetime import datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, Strict

from contracts.text import AnyLine
from contracts.values import OrgId, Time, Uuid

Lax = Strict(False)
"""Marks an enumeration's field: JSON has no enumerations, so its value comes as a string."""


FIELD_NAMES: set[str] = set()
"""The names of all fields of all shapes. Any other one is a client's own text."""


class Shape(BaseModel):
    """Anything that travels: unknown fields and other types are refused, nothing is rounded."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        FIELD_NAMES.update(field.alias or name for name, field in cls.model_fields.items())

    def to_json(self) -> bytes:
        """The shape as JSON in UTF-8. Pydantic's own warnings are off: they quote values."""
        return self.model_dump_json(warnings="none").encode()


ItemT = TypeVar("ItemT", bound=Shape)


class Command(Shape):
    """What a client wants changed."""

    org_id: OrgId


class Query(Shape):
    """What a client wants to read."""

    org_id: OrgId


BaseVersion = Annotated[int, Field(ge=1)]
"""The version that a client has seen of what it wants changed."""


class Change(Command):
    """A change with PATCH semantics: only the fields given change; null clears a nullable one."""

    def changes(self) -> dict[str, Any]:
        """The resource's fields that were given, by name."""
        identity = {"org_id", "base_version"} | self.identity()
        return {name: getattr(self, name) for name in self.model_fields_set if name not in identity}

    @classmethod
    def identity(cls) -> set[str]:
        """The fields that say which resource is meant, and on what of it the change is based."""
        raise TypeError(f"{cls.__name__} does not say which fields name its resource")


class Update(Change):
    """A change that is based on a version which its client has seen."""

    base_version: BaseVersion


class ListQuery(Query):
    """A page of a list, by its number; or, with a cursor, the next stretch of all of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "not": {"required": ["page", "cursor"], "properties": {"cursor": {"type": "string"}}}
        }
    )

    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[
        Annotated[str, Field(max_length=64)] | None,
        Field(
            description='Instead of `page`, to read everything: "" begins, the last reply\'s '
            "`next_cursor` goes on. Null is the same as none."
        ),
    ] = None


class Reference(Shape):
    """Another resource, as one that points to it shows it."""

    uuid: Uuid
    name: AnyLine = None


class FieldWarning(Shape):
    """A field that is not as it was given, and what to do; nothing quotes its value."""

    field: str
    type: str
    msg: str


class Resource(Shape):
    """What every resource has. `version` starts at 1 and rises by 1 with every change."""

    id: Uuid
    version: int
    created_at: Time
    updated_at: Time


class Recorded(Protocol):
    """Whatever holds what every resource has."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


def resource_fields(row: Recorded) -> dict[str, Any]:
    """What every resource shows, by name."""
    return {
        "id": row.id,
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


class Listed(Shape, Generic[ItemT]):
    """A reply to a list: a `Listing` where a page was asked for, a `Stretch` for a cursor."""

    items: list[ItemT]
    page_size: int

    def to_json(self) -> bytes:
        """As every shape, each item in its own JSON. A page may have any number: orjson takes none
        beyond 64 bits."""
        items = orjson.dumps([orjson.Fragment(item.to_json()) for item in self.items])
        rest = self.model_dump_json(warnings="none", exclude={"items"}).encode()
        return b'{"items":' + items + b"," + rest.removeprefix(b"{")


class Listing(Listed[ItemT], Generic[ItemT]):
    """A page of a list; `total` counts all that match, on every page.

    Past the end there are no items and the true total.
    """

    page: int
    total: int


class Stretch(Listed[ItemT], Generic[ItemT]):
    """What a list gives for a cursor, by `id`; `next_cursor` goes on behind it, null ends.

    Nothing is counted: whoever reads everything has counted it in the end.
    """

    next_cursor: str | None


def reference(uuid: UUID | None, name: str | None) -> Reference | None:
    """The reference to a resource, or None where there is none."""
    return None if uuid is None else Reference.model_construct(uuid=uuid, name=name)
