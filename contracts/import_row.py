"""Rows of the other side that could not be imported, and what a person decides about them."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from contracts.connecting import PROBLEM_PREFIX, ImportKind, RowCode, RowResolution
from contracts.events import Event, EventSource
from contracts.operations import Service, command, listing
from contracts.shapes import Lax, ListQuery, Resource, Update
from contracts.text import RequiredLine
from contracts.values import Time, Uuid

_PROBLEM = re.compile(rf"{PROBLEM_PREFIX}[a-z_]+", re.ASCII)


def _row_code(code: str) -> str:
    if code in set(RowCode) or _PROBLEM.fullmatch(code):
        return code
    listed = ", ".join(RowCode)
    raise PydanticCustomError(
        "row_code", "Must be one of {listed}, or problem: and a problem code", {"listed": listed}
    )


RowCodeText = Annotated[
    str,
    AfterValidator(_row_code),
    WithJsonSchema(
        {"type": "string", "pattern": f"^({'|'.join(RowCode)}|{PROBLEM_PREFIX}[a-z_]+)$"}
    ),
]
"""A RowCode, or `problem:` and a problem code."""


class ImportRow(Resource):
    """A row that waits for a person. `fields` are names, never values."""

    connection_uuid: Uuid
    kind: Annotated[ImportKind, Lax]
    external_id: RequiredLine
    external_version: str
    code: RowCodeText
    fields: list[str]
    uuid: Uuid | None = None
    resolution: Annotated[RowResolution, Lax] | None = None
    resolved_at: Time | None = None


class ImportRowResolve(Update):
    """`import_row.resolve` → 200. `uuid` only with `link`: the resource that is meant."""

    import_row_uuid: Uuid
    resolution: Annotated[RowResolution, Lax]
    uuid: Uuid | None = None


class ImportRowList(ListQuery):
    """`import_row.list` → 200, oldest first."""

    connection_uuid: Uuid | None = None
    kind: Annotated[ImportKind, Lax] | None = None
    code: RowCodeText | None = None
    resolved: bool | None = None


RESOLVE_IMPORT_ROW: Final = command(
    "import_row.resolve", Service.CONNECTORS, ImportRowResolve, ImportRow
)
LIST_IMPORT_ROWS: Final = listing("import_row.list", Service.CONNECTORS, ImportRowList, ImportRow)

IMPORT_ROW_REFUSED: Final = Event(
    "import.row_refused", EventSource.CONNECTORS, ImportRow, shape="import_row"
)
IMPORT_ROW_RESOLVED: Final = Event(
    "import.row_resolved", EventSource.CONNECTORS, ImportRow, shape="import_row"
)
