"""Which resource each event's `data` shows."""

from contracts.directory import Patient, Practice, Provider
from contracts.ereferral import EreferralChange
from contracts.ereferral_staff import PartnerChannel
from contracts.events import EventSource, EventType
from contracts.mail_relay import MailRelay
from contracts.referral import Referral
from contracts.referral_attribution import ReferralAttribution
from contracts.referral_partner import ReferralPartner
from contracts.referral_source import ReferralSource
from contracts.referral_source_cost import ReferralSourceCost
from contracts.shapes import Shape

_DATA: dict[str, type[Shape]] = {
    "referral_partner": ReferralPartner,
    "referral_source": ReferralSource,
    "referral_source_cost": ReferralSourceCost,
    "referral_attribution": ReferralAttribution,
    "patient": Patient,
    "provider": Provider,
    "practice": Practice,
    "referral": Referral,
    "ereferral": EreferralChange,
    "partner_channel": PartnerChannel,
    "mail_relay": MailRelay,
}
_FROM_DISPATCH = frozenset({"ereferral", "partner_channel", "mail_relay"})

EVENT_DATA: dict[EventSource, dict[EventType, type[Shape]]] = {
    EventSource.REFERRALS: {
        event: _DATA[event.resource] for event in EventType if event.resource not in _FROM_DISPATCH
    },
    EventSource.EREFERRAL_DISPATCH: {
        event: _DATA[event.resource] for event in EventType if event.resource in _FROM_DISPATCH
    },
}
"""By publisher and type."""
