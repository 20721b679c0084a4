"""The handlers of answer links: made with an e-referral, verified by its partner, renewed."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.answer_link import (
    ANSWER_LINK_LOCKED,
    ANSWER_LINK_RENEWED,
    RENEW_ANSWER_LINK,
    VERIFY_ANSWER_LINK,
    AnswerLinkRenew,
    AnswerLinkVerification,
    AnswerLinkVerify,
    RenewedAnswerLink,
)
from contracts.answer_link import AnswerLink as Resource
from contracts.events import Event
from contracts.problems import ProblemCode, Refusal, not_found
from contracts.replies import ReplyStatus
from messaging.handlers.handler import NamedHandler, handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.ereferral_dispatch.handlers.attempt import calls, newest_attempt
from services.ereferral_dispatch.handlers.opening import note_opening, received_attempts
from services.ereferral_dispatch.models import AnswerLink, Ereferral
from services.ereferral_dispatch.resources import answer_link_resource
from services.ereferral_dispatch.rules.answer_links import (
    MOST_WRONG_CODES,
    AnswerLinks,
    check_can_be_used,
    hash_code,
    hash_token,
    make_proof,
    read_token,
    same,
)
from services.ereferral_dispatch.rules.opening import is_withdrawn

_BY_TOKEN = ("answer_token_hash",)


def make_link(row: Ereferral, links: AnswerLinks, workspace: Workspace) -> AnswerLink:
    """The first link of an e-referral; its letters show it."""
    derived = links.derive(row.org_id, row.id, epoch=1)
    link = AnswerLink(
        org_id=row.org_id,
        ereferral_id=row.id,
        id=workspace.new_id(),
        epoch=1,
        code_hash=derived.code_hash,
        wrong_codes=0,
        answers=0,
        expires_at=workspace.now + links.lasts,
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
    row.answer_token_hash = derived.token_hash
    workspace.add(AnswerLink, row.id, row=link)
    return link


def verify(command: AnswerLinkVerify, workspace: Workspace) -> Done[AnswerLinkVerification]:
    """Whether the code is the letter's; the fifth wrong one locks the link.

    The right one is evidence that the letter arrived.
    """
    token, row = read_token(command.answer_link), _named(command, workspace)
    link = None if row is None else workspace.find(AnswerLink, row.id)
    if token is None or row is None or link is None:
        raise not_found(ProblemCode.ANSWER_LINK_NOT_FOUND)
    check_can_be_used(link.locked_at, link.expires_at, row.purged_at, workspace.now)
    workspace.concerns(row.patient_id)
    verified = same(hash_code(token, command.code), link.code_hash)
    if verified:
        note_opening(row, workspace)
    else:
        link.wrong_codes += 1
        if link.wrong_codes >= MOST_WRONG_CODES:
            link.locked_at = workspace.now
            _announce(link, row, ANSWER_LINK_LOCKED, workspace)
    found = AnswerLinkVerification(
        verified=verified,
        attempts_left=MOST_WRONG_CODES - link.wrong_codes,
        proof=make_proof(link.code_hash, workspace.now) if verified else None,
    )
    return Done(ReplyStatus.OK, found, link.id)


@dataclass(frozen=True, slots=True)
class Renewer:
    """Renews links. `answer_links`: how they are made; None: there are none."""

    answer_links: AnswerLinks | None

    def renew(self, command: AnswerLinkRenew, workspace: Workspace) -> Done[RenewedAnswerLink]:
        """Another link for an e-referral; the one before is void, locked or not.

        What was composed before keeps its bytes, and shows the void one.
        """
        row = workspace.get(Ereferral, command.ereferral_uuid)
        if self.answer_links is None:
            raise Refusal(
                ProblemCode.ANSWER_LINK_NOT_FOUND,
                "There are no answer links here: DISPATCH_PUBLIC_URL is not set.",
            )
        _check_can_be_renewed(row)
        link = workspace.find(AnswerLink, row.id)
        if link is None:
            link = make_link(row, self.answer_links, workspace)
        else:
            link.epoch += 1
            link.version += 1
        derived = self.answer_links.derive(row.org_id, row.id, link.epoch)
        row.answer_token_hash, link.code_hash = derived.token_hash, derived.code_hash
        link.wrong_codes = link.answers = 0
        link.locked_at, link.updated_at = None, workspace.now
        link.expires_at = workspace.now + self.answer_links.lasts
        workspace.concerns(row.patient_id)
        workspace.publish(ANSWER_LINK_RENEWED, answer_link_resource(link, row))
        renewed = RenewedAnswerLink(url=derived.letter.url, code=derived.letter.code)
        return Done(ReplyStatus.OK, renewed, link.id, reply_is_secret=True)

    def handlers(self) -> list[NamedHandler]:
        """`answer_link.renew`, bound to how links are made."""
        needs, then = _needs_of_renewal, _link_to_renew
        return [handles(RENEW_ANSWER_LINK, self.renew, needs=needs, then_needs=then)]


def _check_can_be_renewed(row: Ereferral) -> None:
    """Raises Refusal `invalid_transition` where a link would lead to nothing."""
    if is_withdrawn(row.status, row.message, row.cancel_requested_at):
        raise Refusal(ProblemCode.INVALID_TRANSITION, "It is cancelled: no answer is taken.")
    if row.purged_at is not None:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "What it was made of is not kept any more, so a link could show nothing.",
        )


def _announce(
    link: AnswerLink, row: Ereferral, event: Event[Resource], workspace: Workspace
) -> None:
    link.version += 1
    link.updated_at = workspace.now
    workspace.publish(event, answer_link_resource(link, row))


def _named(command: AnswerLinkVerify, workspace: Workspace) -> Ereferral | None:
    """The e-referral whose link has this token. Whoever renewed it in the same transaction has
    voided the token, though the row was found by it."""
    token = read_token(command.answer_link)
    if token is None:
        return None
    hashed = hash_token(token)
    for row in workspace.find_all(Ereferral, _BY_TOKEN, hashed):
        if row.answer_token_hash == hashed:
            return row
    return None


def _needs_of_verification(command: AnswerLinkVerify) -> list[Need]:
    token = read_token(command.answer_link)
    if token is None:
        return []
    return [Need(Ereferral, (hash_token(token),), writes=True, by=_BY_TOKEN)]


def _rows_around(command: AnswerLinkVerify, workspace: Workspace) -> Sequence[Need]:
    row = _named(command, workspace)
    if row is None:
        return ()
    link = Need(AnswerLink, (row.id,), writes=True)
    return [link, *newest_attempt(row), *received_attempts(row), *calls(row)]


def _needs_of_renewal(command: AnswerLinkRenew) -> list[Need]:
    uuid = command.ereferral_uuid
    return [Need(Ereferral, (uuid,), writes=True, missing=ProblemCode.EREFERRAL_NOT_FOUND)]


def _link_to_renew(command: AnswerLinkRenew, _: Workspace) -> Sequence[Need]:
    return [Need(AnswerLink, (command.ereferral_uuid,), writes=True)]


HANDLERS = [
    handles(VERIFY_ANSWER_LINK, verify, needs=_needs_of_verification, then_needs=_rows_around),
]
