"""The bases of every message: how strict it is, what every resource and every list has."""

from datetime import datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, Strict

from contracts.text import AnyLine
from contracts.values import OrgId, Time, Uuid

ItemT = TypeVar("ItemT")

Lax = Strict(False)
"""Marks an enumeration's field: JSON has no enumerations, so its value comes as a string."""


class Shape(BaseModel):
    """Anything that travels: unknown fields and other types are refused, nothing is rounded."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def to_json(self) -> bytes:
        """The shape as JSON in UTF-8. Pydantic's own warnings are off: they quote values."""
        return self.model_dump_json(warnings="none").encode()


class Command(Shape):
    """What a client wants changed."""

    org_id: OrgId


class Query(Shape):
    """What a client wants to read."""

    org_id: OrgId


BaseVersion = Annotated[int, Field(ge=1)]
"""The version that a client has seen of what it wants changed."""


class Update(Command):
    """A change with PATCH semantics: only the fields given change; null clears a nullable one."""

    base_version: BaseVersion

    def changes(self) -> dict[str, Any]:
        """The resource's fields that were given, by name."""
        identity = {"org_id", "base_version"} | self.identity()
        return {name: getattr(self, name) for name in self.model_fields_set if name not in identity}

    @classmethod
    def identity(cls) -> set[str]:
        """The fields that say which resource is meant."""
        raise TypeError(f"{cls.__name__} does not say which fields name its resource")


class ListQuery(Query):
    """A page of a list; past the end there are no items and the true total."""

    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=200)] = 50


class Reference(Shape):
    """Another resource, as one that points to it shows it."""

    uuid: Uuid
    name: AnyLine = None


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


class Listing(Shape, Generic[ItemT]):
    """A list's reply; `total` counts all that match, on every page."""

    items: list[ItemT]
    page: int
    page_size: int
    total: int


def reference(uuid: UUID | None, name: str | None) -> Reference | None:
    """The reference to a resource, or None where there is none."""
    return None if uuid is None else Reference.model_construct(uuid=uuid, name=name)
