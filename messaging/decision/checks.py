"""How a command is decided: every check, in this one place, in one order.

Source of the order: docs/contract/wire.md#check-order.

Form, operation and grant come before (`messaging.intake.admission`), the repeats too
(`messaging.decision.batch`). From there on, first failure wins: what is decidable from the command
alone (422), every row that it names (404), its base version (409), the id that it brings (409);
then the handler: other conflicts (409), and the rules on the merged state (422).
"""

from collections.abc import Sequence
from typing import Any

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
    versioned: Any = None
    for need in needs:
        if need.by:
            continue  # It names no row: the handler looks at what there is.
        row = workspace.find(need.model, *need.key)
        if need.missing is not None and not _is_there(need, row):
            raise not_found(need.missing, need.key[-1] if need.key else None)
        if need.versioned:
            versioned = row
    if versioned is not None:
        _check_version(getattr(message, "base_version", None), versioned.version)
    for need in needs:
        if need.new and workspace.find(need.model, *need.key) is not None:
            raise Refusal(ProblemCode.ALREADY_EXISTS, "There is one with this id, or was.")
    return handler.handle(message, workspace)


def _is_there(need: Need, row: Any) -> bool:
    return (
        row is not None
        and getattr(row, "deleted_at", None) is None
        and (need.belongs is None or need.belongs(row))
    )


def _check_version(base: int | None, current: int) -> None:
    if base != current:
        raise Refusal(
            ProblemCode.VERSION_CONFLICT,
            "It was changed since it was read; read it again and decide anew.",
            current_version=current,
        )
