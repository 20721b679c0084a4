"""The checks of a command: every one, in this one place, in one order.

Source of the order: docs/contract/wire.md#check-order.

Form, operation and grant come before (`messaging.intake.admission`), the repeats too
(`messaging.decision.batch`). From there on, first failure wins: what is decidable from the command
alone (422), every row that it names (404), its base version (409), the id that it brings (409);
then the handler: other conflicts (409), and the rules on the merged state (422).
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from contracts.catalogue import OPERATIONS
from contracts.problems import ProblemCode, Refusal, not_found
from messaging.handlers.handler import Handler, MessageT
from messaging.handlers.workspace import Done, Need, Workspace


def decide(
    handler: Handler[MessageT], message: MessageT, named: Sequence[Need], workspace: Workspace
) -> Done[Any]:
    """Run the checks that need rows, then the handler. Raises Refusal.

    `named` is what `handler.needs` says. What those rows point to is asked for again: a message
    before this one, in the same transaction, may have changed it. Raises LookupError where that
    was not loaded.
    """
    needs = list(named)
    if handler.then_needs is not None:
        needs += handler.then_needs(message, workspace)
    versioned: tuple[Need, Any] | None = None
    for need in needs:
        if need.by:
            continue  # It names no row: the handler looks at what there is.
        row = workspace.find(need.model, *need.key)
        if need.missing is not None and not _is_there(need, row):
            named_by = _naming(message, need)
            raise not_found(need.missing, named_by, is_archived=_is_archived(need, row))
        if need.versioned:
            versioned = (need, row)
    if versioned is not None:
        _check_version(message, *versioned)
    for need in needs:
        if need.new and workspace.find(need.model, *need.key) is not None:
            raise _already_exists(message, need, workspace.find(need.model, *need.key))
    return handler.handle(message, workspace)


def _is_there(need: Need, row: Any) -> bool:
    return row is not None and not _has_ended(row) and _belongs(need, row)


def _is_archived(need: Need, row: Any) -> bool:
    return row is not None and _has_ended(row) and _belongs(need, row)


def _has_ended(row: Any) -> bool:
    return getattr(row, "deleted_at", None) is not None


def _belongs(need: Need, row: Any) -> bool:
    return need.belongs is None or need.belongs(row)


def _naming(message: BaseModel, need: Need) -> list[str]:
    """The message's fields that name what is needed; none where another row points to it."""
    named = need.key[-1:]
    return [name for name in type(message).model_fields if (getattr(message, name),) == named]


def _already_exists(message: BaseModel, need: Need, row: Any) -> Refusal:
    named_by = _naming(message, need)
    required = any(type(message).model_fields[name].is_required() for name in named_by)
    by = "one that is archived" if _has_ended(row) else "one that exists"
    instead = "give a new one" if required else "give a new one, or none and one is made"
    detail = f"{', '.join(named_by) or 'The id'} is taken in this org by {by}: {instead}."
    return Refusal(ProblemCode.ALREADY_EXISTS, detail)


def _check_version(message: BaseModel, need: Need, row: Any) -> None:
    if getattr(message, "base_version", None) == row.version:
        return
    again = ""
    if need.missing is not None:
        get, list_ = f"{need.missing.resource}.get", f"{need.missing.resource}.list"
        again = f" with {get if get in OPERATIONS else list_}"
    raise Refusal(
        ProblemCode.VERSION_CONFLICT,
        f"base_version is not the current version: read it again{again}, decide anew, and send "
        "current_version as base_version.",
        current_version=row.version,
    )
