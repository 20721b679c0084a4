"""What each command does: plain functions of a command and a workspace."""

from collections.abc import Sequence

from contracts.referral_partner import ContactMethod
from messaging.handlers.handler import Handlers
from services.ereferral_dispatch.handlers import cancel, lane, staff
from services.ereferral_dispatch.handlers.dispatch import Planner


def command_handlers(fallback: Sequence[ContactMethod]) -> Handlers:
    """Every command of dispatch. `fallback`: the channels tried after the preferred one."""
    return {
        **Planner(fallback).handlers(),
        **cancel.HANDLERS,
        **staff.HANDLERS,
        **lane.HANDLERS,
    }
