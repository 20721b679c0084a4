"""The handlers of e-referrals' news, which dispatch publishes."""

from collections.abc import Sequence
from datetime import datetime

from contracts.catalogue import EVENTS
from contracts.ereferral import EREFERRAL_RESPONSE_RECORDED, EreferralNews
from contracts.ereferral_information import (
    EREFERRAL_INFORMATION_REQUESTED,
    EREFERRAL_REOPENED,
)
from contracts.referral import REFERRAL_DISPATCH_CHANGED
from contracts.referral_follow_up import REFERRAL_INFORMATION_REQUESTED
from contracts.replies import ReplyStatus
from messaging.handlers.handler import hears
from messaging.handlers.workspace import Done, Need, Workspace
from services.referrals.handlers.answer import Answer, take_answer
from services.referrals.handlers.referral_resource import pointed_to, shown
from services.referrals.handlers.timeline import add_entry
from services.referrals.handlers.versions import next_version
from services.referrals.models.referral import Referral
from services.referrals.rules.follow_up import takes_a_question
from services.referrals.rules.referral import response_effect


def hear_ereferral(news: EreferralNews, workspace: Workspace) -> Done[None]:
    """Move `dispatch_status` forward by the e-referral's version; older news join the timeline.

    A partner's answer counts as one that was recorded here; where that would be refused it joins
    the timeline alone, for nobody is there to be told.
    """
    row = workspace.find(Referral, news.data.referral_uuid)
    if row is None or row.ereferral_id != news.subject:
        return Done(ReplyStatus.OK, None, None)  # Dispatched by somebody else, past this service.
    workspace.concerns(row.patient_id)
    answer = _answer(news)
    add_entry(
        row,
        workspace,
        news.type,
        at=_happened_at(news, row),
        dispatch_version=news.aggregateversion,
        actor=news.data.actor,
        detail=_detail(news),
        answer=answer if _is_answer(news) else None,
    )
    if news.type == EREFERRAL_REOPENED.name:
        row.reopened_at = None
    if news.aggregateversion <= row.dispatch_version:
        return Done(ReplyStatus.OK, None, row.id)
    row.dispatch_version = news.aggregateversion
    if row.dispatch_status != news.data.status:
        row.dispatch_status = news.data.status
        next_version(row, workspace)
        workspace.publish(REFERRAL_DISPATCH_CHANGED, shown(row, workspace))
    _hear_answer(row, news, answer, workspace)
    _hear_question(row, news, workspace)
    return Done(ReplyStatus.OK, None, row.id)


def _hear_answer(
    row: Referral, news: EreferralNews, answer: Answer | None, workspace: Workspace
) -> None:
    """The answer that the e-referral has by now, though its own news may come later.

    Of one that was reopened here only a new one, until dispatch says that it knows: an event from
    before may still show the old.
    """
    if answer is None or (row.reopened_at is not None and not _is_answer(news)):
        return
    effect = response_effect(row.status, row.fulfilment_status, answer.response)
    take_answer(row, workspace, answer, effect)


def _hear_question(row: Referral, news: EreferralNews, workspace: Workspace) -> None:
    if news.type != EREFERRAL_INFORMATION_REQUESTED.name or news.data.information is None:
        return
    if takes_a_question(row.status, row.fulfilment_status):
        row.information_requested = news.data.information
        next_version(row, workspace)
        workspace.publish(REFERRAL_INFORMATION_REQUESTED, shown(row, workspace))


def _happened_at(news: EreferralNews, row: Referral) -> datetime:
    """When the partner answered, where that was said. Else dispatch's time, whose clock may be
    behind ours: nothing was heard of what was not sent."""
    answered_at = news.data.response_occurred_at
    if answered_at is not None and _is_answer(news):
        return answered_at
    return max(news.time, row.sent_at or news.time)


def _is_answer(news: EreferralNews) -> bool:
    return news.type == EREFERRAL_RESPONSE_RECORDED.name


def _answer(news: EreferralNews) -> Answer | None:
    """The answer that dispatch has; later events than its own name it too, and its appointment is
    not news then."""
    state = news.data
    if state.response is None:
        return None
    if not _is_answer(news):
        return Answer(state.response, state.response_note)
    return Answer(
        state.response,
        state.response_note,
        state.response_reason_code,
        state.response_scheduled_at,
        state.response_occurred_at,
    )


def _detail(news: EreferralNews) -> str | None:
    if news.data.information is not None:
        return news.data.information
    return None if news.data.channel is None else f"channel {news.data.channel}"


def _needs_of_news(news: EreferralNews) -> list[Need]:
    return [Need(Referral, (news.data.referral_uuid,), writes=True)]


def _names_to_show(news: EreferralNews, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(Referral, news.data.referral_uuid)
    return () if row is None else pointed_to(row)


EVENT_HANDLERS = [
    hears(event, EreferralNews, hear_ereferral, needs=_needs_of_news, then_needs=_names_to_show)
    for event in EVENTS.values()
    if event.resource == "ereferral"
]
