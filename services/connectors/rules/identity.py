"""Ids that are computed, so that a row, read by whomever and however often, is one thing here."""

from uuid import NAMESPACE_DNS, UUID, uuid5

from contracts.connecting import ImportKind, System

NAMESPACE = uuid5(NAMESPACE_DNS, "connectors.handoff")


def connection_id(org_id: str, system: System, name: str) -> UUID:
    """The id of a connection: one that was removed and is added again is the same one."""
    return uuid5(NAMESPACE, f"{org_id}/{system}/{name}")


def resource_id(
    system: System, connection: UUID, kind: ImportKind, external_id: str, generation: int
) -> UUID:
    """The id under which a row is created here; a later generation is a new thing for one row."""
    return uuid5(NAMESPACE, f"{system}/{connection}/{kind}/{external_id}/{generation}")


def message_id(
    system: System,
    connection: UUID,
    kind: ImportKind,
    external_id: str,
    external_version: str,
    operation: str,
    base_version: int | None = None,
) -> UUID:
    """The id of the command that one version of a row leads to: sent again it has no second effect.

    `base_version`: of an update, the version that it is made for.
    """
    name = f"{system}/{connection}/{kind}/{external_id}/{external_version}/{operation}"
    return uuid5(NAMESPACE, name if base_version is None else f"{name}/{base_version}")


def staged_id(org_id: str, connection: UUID, kind: ImportKind, external_id: str) -> UUID:
    """The id of what is staged of a row: there is one at a time."""
    return uuid5(NAMESPACE, f"{org_id}/{connection}/{kind}/{external_id}/staged")
