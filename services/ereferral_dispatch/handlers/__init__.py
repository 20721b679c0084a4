"""The handlers: plain functions of a command and a workspace.

Each file holds its HANDLERS, but for what depends on a setting; what is missing here ends the
service at its start.
"""

from collections.abc import Sequence

from contracts.operations import Kind, Service
from contracts.referral_partner import ContactMethod
from messaging.handlers.handler import Handlers
from messaging.handlers.registry import declared_handlers, found_by_operation
from services.ereferral_dispatch.handlers.answer_link import Renewer
from services.ereferral_dispatch.handlers.dispatch import Planner
from services.ereferral_dispatch.rules.answer_links import AnswerLinks


def command_handlers(
    fallback: Sequence[ContactMethod], answer_links: AnswerLinks | None = None
) -> Handlers:
    """Every command of dispatch. `fallback`: the channels tried after the preferred one.

    `answer_links`: how links are made; None: letters have none.
    """
    handlers = [
        *declared_handlers(__name__),
        *Planner(fallback, answer_links).handlers(),
        *Renewer(answer_links).handlers(),
    ]
    return found_by_operation(Service.EREFERRAL_DISPATCH, Kind.COMMAND, handlers)
