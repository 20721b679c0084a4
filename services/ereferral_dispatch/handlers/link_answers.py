"""Answers that came by a link: which are taken, and how many.

Who answers is the message's actor, `answer_link:<id>`; an answer of anybody else is not held to it.
"""

from collections.abc import Sequence
from uuid import UUID

from contracts.answer_link import ACTOR_PREFIX
from contracts.problems import ProblemCode, Refusal, not_found
from contracts.referral import Response
from messaging.handlers.workspace import Need, Workspace
from services.ereferral_dispatch.models import AnswerLink, Ereferral
from services.ereferral_dispatch.rules.answer_links import MOST_ANSWERS, check_can_be_used
from services.ereferral_dispatch.rules.opening import (
    answers_taken,
    is_withdrawn,
    takes_a_question,
)


def link_that_answers(ereferral_id: UUID, workspace: Workspace) -> Sequence[Need]:
    """The e-referral's link, where it is by one that somebody answers."""
    return [Need(AnswerLink, (ereferral_id,), writes=True)] if _is_by_link(workspace) else ()


def check_answer_by_link(row: Ereferral, response: Response, workspace: Workspace) -> None:
    """Raises Refusal where this link takes no such answer."""
    if _is_by_link(workspace):
        _check_link(row, workspace)
        if response not in answers_taken(row.response):
            raise Refusal(
                ProblemCode.INVALID_TRANSITION, "An answer leads forward, and never back."
            )


def check_question_by_link(row: Ereferral, workspace: Workspace) -> None:
    """Raises Refusal where this link takes no question."""
    if _is_by_link(workspace):
        _check_link(row, workspace)
        if not takes_a_question(row.response):
            raise Refusal(ProblemCode.INVALID_TRANSITION, "It was answered for good.")


def count_answer_by_link(row: Ereferral, workspace: Workspace) -> None:
    """Count what was taken."""
    if _is_by_link(workspace):
        workspace.get(AnswerLink, row.id).answers += 1


def _is_by_link(workspace: Workspace) -> bool:
    return workspace.actor is not None and workspace.actor.startswith(ACTOR_PREFIX)


def _check_link(row: Ereferral, workspace: Workspace) -> None:
    link = workspace.find(AnswerLink, row.id)
    if link is None or workspace.actor != f"{ACTOR_PREFIX}{link.id}":
        raise not_found(ProblemCode.ANSWER_LINK_NOT_FOUND)
    check_can_be_used(link.locked_at, link.expires_at, row.purged_at, workspace.now)
    if is_withdrawn(row.status, row.message, row.cancel_requested_at):
        raise Refusal(
            ProblemCode.INVALID_TRANSITION, "The referral was withdrawn: no answer is taken."
        )
    if link.answers >= MOST_ANSWERS:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION, f"{MOST_ANSWERS} answers came by this link: no more."
        )
