"""Events as CloudEvents 1.0 in structured JSON, with extension attributes of our own.

Source: docs/contract/wire.md#events.
"""

from enum import StrEnum
from typing import Any, Literal

from contracts.shapes import Shape
from contracts.values import OrgId, Time, Uuid

EVENT_CONTENT_TYPE = "application/cloudevents+json"
SCHEMA_PREFIX = "urn:handoff:schema:"
"""Opens the `$id` of every schema: an absolute URI, as CloudEvents wants a `dataschema` (1.0.2)."""


NO_ORG = "-"
"""The `orgid` of an event about what all orgs share: the envelope has one always."""


class EventSource(StrEnum):
    """Who publishes: the CloudEvents `source`."""

    REFERRALS = "/referrals"
    EREFERRAL_DISPATCH = "/ereferral_dispatch"


class EventType(StrEnum):
    """Every event type: the routing key and AMQP `type` of an event."""

    REFERRAL_PARTNER_CREATED = "referral_partner.created"
    REFERRAL_PARTNER_UPDATED = "referral_partner.updated"
    REFERRAL_PARTNER_ARCHIVED = "referral_partner.archived"
    REFERRAL_SOURCE_CREATED = "referral_source.created"
    REFERRAL_SOURCE_UPDATED = "referral_source.updated"
    REFERRAL_SOURCE_ARCHIVED = "referral_source.archived"
    REFERRAL_SOURCE_COST_CREATED = "referral_source_cost.created"
    REFERRAL_SOURCE_COST_UPDATED = "referral_source_cost.updated"
    REFERRAL_SOURCE_COST_ARCHIVED = "referral_source_cost.archived"
    REFERRAL_ATTRIBUTION_CREATED = "referral_attribution.created"
    REFERRAL_ATTRIBUTION_UPDATED = "referral_attribution.updated"
    REFERRAL_ATTRIBUTION_ARCHIVED = "referral_attribution.archived"
    PATIENT_PUT = "patient.put"
    PATIENT_ARCHIVED = "patient.archived"
    PROVIDER_PUT = "provider.put"
    PROVIDER_ARCHIVED = "provider.archived"
    PRACTICE_PUT = "practice.put"
    REFERRAL_CREATED = "referral.created"
    REFERRAL_UPDATED = "referral.updated"
    REFERRAL_SENT = "referral.sent"
    REFERRAL_CANCELLED = "referral.cancelled"
    REFERRAL_RESPONSE_RECORDED = "referral.response_recorded"
    REFERRAL_DISPATCH_CHANGED = "referral.dispatch_changed"
    REFERRAL_OVERDUE = "referral.overdue"
    EREFERRAL_QUEUED = "ereferral.queued"
    EREFERRAL_ATTEMPT_FAILED = "ereferral.attempt_failed"
    EREFERRAL_RETRY_SCHEDULED = "ereferral.retry_scheduled"
    EREFERRAL_HELD = "ereferral.held"
    EREFERRAL_CALL_REQUESTED = "ereferral.call_requested"
    EREFERRAL_SENT = "ereferral.sent"
    EREFERRAL_DELIVERED = "ereferral.delivered"
    EREFERRAL_OUTCOME_UNKNOWN = "ereferral.outcome_unknown"
    EREFERRAL_FAILED = "ereferral.failed"
    EREFERRAL_CANCELLED = "ereferral.cancelled"
    EREFERRAL_RESPONSE_RECORDED = "ereferral.response_recorded"
    PARTNER_CHANNEL_HELD = "partner_channel.held"
    PARTNER_CHANNEL_RELEASED = "partner_channel.released"
    MAIL_RELAY_HELD = "mail_relay.held"
    MAIL_RELAY_RELEASED = "mail_relay.released"

    @property
    def resource(self) -> str:
        """The resource whose change it tells: `referral_partner` of `referral_partner.created`."""
        return self.value.partition(".")[0]

    @property
    def dataschema(self) -> str:
        """The `$id` of the `data`'s schema; a breaking change gets a new one beside the old."""
        return f"{SCHEMA_PREFIX}{self.resource}:v1"


class CloudEvent(Shape):
    """One event. `changed` (out-fields, sorted, comma-separated) only on `.updated` and `.put`.

    `causationid` is the command's message id, `traceparent` its W3C trace context: both only where
    there was a cause. `orgid` is NO_ORG where it is about no org's own. `data` is the resource as a
    list item shows it.
    """

    specversion: Literal["1.0"] = "1.0"
    id: Uuid
    source: str
    type: str
    subject: str
    time: Time
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    orgid: OrgId
    aggregateversion: int
    causationid: str | None = None
    traceparent: str | None = None
    changed: str | None = None
    data: dict[str, Any]
