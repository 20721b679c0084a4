"""A fault of ours with one message: what is written down of it, and what its client is told."""

from dataclasses import replace

from aiormq.abc import DeliveredMessage
from uuid_utils import compat as uuid_utils

from contracts.problems import ProblemCode, Refusal
from messaging.replies.replies import Verdict, refused
from messaging.telemetry import logs
from messaging.wire.envelope import Envelope

log = logs.get(__name__)


def internal_error(
    delivery: DeliveredMessage, envelope: Envelope, cause: BaseException | None, *, queue: str
) -> Verdict:
    """The verdict on a message that our own code failed with; it is parked too.

    The client is told an incident's id alone, under which the log says where it happened.
    """
    incident = uuid_utils.uuid7()
    log.error(
        "message failed",
        incident=str(incident),
        queue=queue,
        operation=envelope.operation,
        org_id=envelope.org_id,
        message_id=logs.identifier(envelope.message_id),
        error=type(cause).__name__,
        where=logs.place(cause),
    )
    refusal = Refusal(ProblemCode.INTERNAL_ERROR, f"Incident {incident}.")
    return replace(refused(delivery, refusal), must_be_parked=True)
