"""What each command does: plain functions of a command and a workspace. One file a resource."""

from services.referrals.handlers import directory, ereferral_news, partner, referral

COMMAND_HANDLERS = {**partner.HANDLERS, **directory.HANDLERS, **referral.HANDLERS}
EVENT_HANDLERS = ereferral_news.EVENT_HANDLERS
