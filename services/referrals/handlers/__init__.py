"""What each command does: plain functions of a command and a workspace. One file a resource."""

from services.referrals.handlers import (
    attribution,
    directory,
    ereferral_news,
    partner,
    referral,
    source,
    source_cost,
)

COMMAND_HANDLERS = {
    **partner.HANDLERS,
    **source.HANDLERS,
    **source_cost.HANDLERS,
    **attribution.HANDLERS,
    **directory.HANDLERS,
    **referral.HANDLERS,
}
EVENT_HANDLERS = ereferral_news.EVENT_HANDLERS
