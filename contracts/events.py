"""Events as CloudEvents 1.0 in structured JSON, with extension attributes of our own.

Source: docs/contract/wire.md#events.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from contracts.shapes import Resource, Shape
from contracts.values import OrgId, Time, Uuid

DataT = TypeVar("DataT", bound=Resource)

EVENT_CONTENT_TYPE = "application/cloudevents+json"
SCHEMA_PREFIX = "urn:handoff:schema:"
"""Opens the `$id` of every schema: an absolute URI, as CloudEvents wants a `dataschema` (1.0.2)."""


NO_ORG = "-"
"""The `orgid` of an event about what all orgs share: the envelope has one always."""


class EventSource(StrEnum):
    """Who publishes: the CloudEvents `source`."""

    REFERRALS = "/referrals"
    EREFERRAL_DISPATCH = "/ereferral_dispatch"
    CONNECTORS = "/connectors"


@dataclass(frozen=True, slots=True)
class Event(Generic[DataT]):
    """One type of event, declared beside the shape that its `data` has.

    `name` is its routing key and AMQP `type`. `says_overwrote`: it tells in `overwrote` whether its
    client asked to change whatever was held. A contract's module declares its events as constants,
    the resource first: `REFERRAL_PARTNER_CREATED`; `contracts.catalogue` has them all.
    """

    name: str
    source: EventSource
    data: type[DataT]
    says_overwrote: bool = False
    shape: str | None = None
    """The shape that `data` has, where it is not called as the resource."""

    @property
    def resource(self) -> str:
        """The resource whose change it tells: `referral_partner` of `referral_partner.created`."""
        return self.name.partition(".")[0]

    @property
    def dataschema(self) -> str:
        """The `$id` of the `data`'s schema; a breaking change gets a new one beside the old."""
        return f"{SCHEMA_PREFIX}{self.shape or self.resource}:v1"


class CloudEvent(Shape):
    """One event. `changed` (out-fields, sorted, comma-separated) only on `.updated` and `.put`;
    `overwrote` only on the `.updated` of what may be overwritten.

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
    overwrote: bool | None = None
    data: dict[str, Any]
