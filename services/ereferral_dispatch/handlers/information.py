"""The handlers of a partner's question, of what it is told, and of answering anew."""

from collections.abc import Sequence

from contracts.ereferral import Ereferral as Resource
from contracts.ereferral_information import (
    EREFERRAL_INFORMATION_PROVIDED,
    EREFERRAL_INFORMATION_REQUESTED,
    EREFERRAL_REOPENED,
    PROVIDE_EREFERRAL_INFORMATION,
    REOPEN_EREFERRAL,
    REQUEST_EREFERRAL_INFORMATION,
    EreferralProvideInformation,
    EreferralReopen,
    EreferralRequestInformation,
)
from contracts.problems import ProblemCode
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.ereferral_dispatch.delivery.transitions import announce
from services.ereferral_dispatch.handlers.link_answers import (
    check_question_by_link,
    count_answer_by_link,
    link_that_answers,
)
from services.ereferral_dispatch.models import Ereferral
from services.ereferral_dispatch.resources import ereferral_resource
from services.ereferral_dispatch.rules.limits import check_takes_a_response

_AboutInformation = EreferralRequestInformation | EreferralProvideInformation | EreferralReopen


def request_information(
    command: EreferralRequestInformation, workspace: Workspace
) -> Done[Resource]:
    """The partner's question: it counts as one of its responses, and moves nothing."""
    row = workspace.get(Ereferral, command.ereferral_uuid)
    check_question_by_link(row, workspace)
    check_takes_a_response(row.responses_taken)
    count_answer_by_link(row, workspace)
    row.responses_taken += 1
    row.information_requested, row.information_provided = command.note, None
    announce(row, workspace, EREFERRAL_INFORMATION_REQUESTED, information=command.note)
    return Done(ReplyStatus.OK, ereferral_resource(row), row.id)


def provide_information(
    command: EreferralProvideInformation, workspace: Workspace
) -> Done[Resource]:
    """What the practice tells: the link shows it until the partner asks again."""
    row = workspace.get(Ereferral, command.ereferral_uuid)
    row.information_provided = command.note
    announce(row, workspace, EREFERRAL_INFORMATION_PROVIDED, information=command.note)
    return Done(ReplyStatus.OK, ereferral_resource(row), row.id)


def reopen(command: EreferralReopen, workspace: Workspace) -> Done[Resource]:
    """The last answer counts no more. The event tells from which version on none of before does,
    and so comes where there was none, too."""
    row = workspace.get(Ereferral, command.ereferral_uuid)
    row.response = row.response_note = row.response_reason_code = None
    row.response_scheduled_at = row.response_occurred_at = None
    announce(row, workspace, EREFERRAL_REOPENED)
    return Done(ReplyStatus.OK, ereferral_resource(row), row.id)


def _needs(command: _AboutInformation) -> list[Need]:
    uuid = command.ereferral_uuid
    return [Need(Ereferral, (uuid,), writes=True, missing=ProblemCode.EREFERRAL_NOT_FOUND)]


def _link(command: EreferralRequestInformation, workspace: Workspace) -> Sequence[Need]:
    return link_that_answers(command.ereferral_uuid, workspace)


HANDLERS = [
    handles(REQUEST_EREFERRAL_INFORMATION, request_information, needs=_needs, then_needs=_link),
    handles(PROVIDE_EREFERRAL_INFORMATION, provide_information, needs=_needs),
    handles(REOPEN_EREFERRAL, reopen, needs=_needs),
]
