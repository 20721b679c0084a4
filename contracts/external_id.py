"""Rows of the other side and the resources they are here; maps that only a person can draw."""

from typing import Annotated, Final

from contracts.connecting import ImportKind
from contracts.operations import Service, command, listing
from contracts.shapes import Command, Lax, ListQuery, Resource
from contracts.text import RequiredLine
from contracts.values import Uuid


class ExternalId(Resource):
    """A row of the other side and the resource that it is. `erased`: it is passed over forever."""

    connection_uuid: Uuid
    kind: Annotated[ImportKind, Lax]
    external_id: RequiredLine
    uuid: Uuid
    erased: bool = False


class ExternalIdLink(Command):
    """`external_id.link` → 200: the row there is this resource here."""

    connection_uuid: Uuid
    kind: Annotated[ImportKind, Lax]
    external_id: RequiredLine
    uuid: Uuid


class ExternalIdList(ListQuery):
    """`external_id.list` → 200."""

    connection_uuid: Uuid | None = None
    kind: Annotated[ImportKind, Lax] | None = None
    external_id: RequiredLine | None = None
    uuid: Uuid | None = None


class SourceMap(Resource):
    """A source number of the other side and the referral source that it means."""

    connection_uuid: Uuid
    external_id: RequiredLine
    referral_source_uuid: Uuid | None = None


class SourceMapSet(Command):
    """`source_map.set` → 200; null forgets it. Rows that waited for it are taken up again."""

    connection_uuid: Uuid
    external_id: RequiredLine
    referral_source_uuid: Uuid | None


class OperatorMap(Resource):
    """An operator of the other side and the visiting partner who that is."""

    connection_uuid: Uuid
    external_id: RequiredLine
    referral_partner_uuid: Uuid | None = None


class OperatorMapSet(Command):
    """`operator_map.set` → 200; null forgets it."""

    connection_uuid: Uuid
    external_id: RequiredLine
    referral_partner_uuid: Uuid | None


LINK_EXTERNAL_ID: Final = command(
    "external_id.link", Service.CONNECTORS, ExternalIdLink, ExternalId
)
LIST_EXTERNAL_IDS: Final = listing(
    "external_id.list", Service.CONNECTORS, ExternalIdList, ExternalId
)
SET_SOURCE_MAP: Final = command("source_map.set", Service.CONNECTORS, SourceMapSet, SourceMap)
SET_OPERATOR_MAP: Final = command(
    "operator_map.set", Service.CONNECTORS, OperatorMapSet, OperatorMap
)
