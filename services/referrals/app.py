"""The composition root of referrals: builds everything, owns nothing afterwards."""

from messaging.migrating import head
from messaging.service import Definition, Service
from services.referrals.handlers import COMMAND_HANDLERS, EVENT_HANDLERS
from services.referrals.home import (
    COMMANDS,
    EREFERRAL_EVENTS,
    HOME,
    MIGRATIONS,
    PUBLISHING,
    QUERIES,
    TOPOLOGY,
)
from services.referrals.queries import READERS
from services.referrals.settings import ReferralsSettings
from services.referrals.subscribers import asyncapi


def build(settings: ReferralsSettings) -> Service:
    """A replica of the service, ready to be run."""
    definition = Definition(
        name="referrals",
        home=HOME,
        revision=head(MIGRATIONS),
        topology=TOPOLOGY,
        publishing=PUBLISHING,
        commands=(COMMANDS, COMMAND_HANDLERS),
        queries=(QUERIES, READERS),
        events=(EREFERRAL_EVENTS, EVENT_HANDLERS),
        asyncapi=asyncapi,
    )
    return Service(definition, settings)
