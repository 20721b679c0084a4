"""One of each resource as it is shown, and one event of each type about it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.answer_link import AnswerLink
from contracts.catalogue import EVENTS, OPERATIONS
from contracts.connecting import ImportKind, System
from contracts.connection import Connection, KindCounts, RunCounts
from contracts.contact import Contact
from contracts.contact_referral import ContactReferral
from contracts.directory import Provider
from contracts.documents.examples import body_of
from contracts.ereferral import (
    EREFERRAL_CALL_REQUESTED,
    EREFERRAL_RESPONSE_RECORDED,
    CallTask,
    Ereferral,
    EreferralChange,
)
from contracts.ereferral_information import (
    EREFERRAL_INFORMATION_PROVIDED,
    EREFERRAL_INFORMATION_REQUESTED,
)
from contracts.ereferral_staff import PartnerChannel
from contracts.events import Event
from contracts.import_row import ImportRow
from contracts.intake import Intake, IntakeStatus
from contracts.mail_relay import MailRelay
from contracts.referral import (
    REFERRAL_RESPONSE_RECORDED,
    EreferralStatus,
    ReferralChange,
    Response,
)
from contracts.referral_attribution import AttributionRole, ReferralAttribution
from contracts.referral_partner import ContactMethod
from contracts.referral_source import ReferralSource, SourceCategory
from contracts.referral_source_cost import ReferralSourceCost
from contracts.shapes import FieldWarning, Reference, Resource
from messaging.handlers.workspace import Publishing, Rows, Workspace

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
THIS = UUID("01930000-0000-7000-8000-00000000e001")
_SHOWN: dict[str, Any] = {"id": THIS, "version": 2, "created_at": NOW, "updated_at": NOW}
_NAMED = Reference(uuid=THIS, name="Demo Oral Surgery West")


def resources() -> dict[str, Resource]:
    """By the name of the resource."""
    dispatch = OPERATIONS["ereferral.dispatch"].request
    package: Any = dispatch.model_validate_json(json.dumps(body_of("ereferral.dispatch")))
    ereferral = {
        **_SHOWN,
        "reference": "0000-0000-E001",
        "referral_uuid": THIS,
        "referral_partner": _NAMED,
        "status": EreferralStatus.AWAITING_CALL,
        "channel": ContactMethod.PHONE,
        "address": "+12025550113",
    }
    return {
        "connection": Connection.model_construct(
            **_SHOWN,
            name="main",
            system=System.OPENDENTAL,
            last_success_at=NOW,
            next_run_at=NOW,
            counts=RunCounts(partner=KindCounts(fetched=3, created=1, unchanged=2)),
            complete=True,
            skew_seconds=0,
            waiting=1,
        ),
        "import": ImportRow.model_construct(
            **_SHOWN,
            connection_uuid=THIS,
            kind=ImportKind.PARTNER,
            external_id="17",
            external_version="2026-01-05 09:30:00.cdab067e9f3beb32",
            code="both_changed",
            fields=["city"],
        ),
        "referral_partner": package.partner,
        "referral_source": ReferralSource.model_construct(
            **_SHOWN,
            name="Spring newspaper campaign",
            category=SourceCategory.PRINT_MEDIA,
            description=None,
            is_active=True,
            linked_patient=None,
            linked_referral_partner=_NAMED,
            sort_order=1,
            patient_count=0,
            total_cost=Decimal(0),
        ),
        "referral_source_cost": ReferralSourceCost.model_validate(
            {
                **_SHOWN,
                "referral_source": _NAMED,
                "amount": "1250.00",
                "period_start": NOW.date(),
                "period_end": NOW.date(),
                "notes": None,
            }
        ),
        "referral_attribution": ReferralAttribution.model_validate(
            {
                **_SHOWN,
                "patient": _NAMED,
                "attribution_role": AttributionRole.PRIMARY,
                "referral_source": _NAMED,
                "attributed_at": NOW,
            }
        ),
        "patient": package.patient,
        "provider": Provider.model_validate(
            {**_SHOWN, "name": "Dr. Demo Dentist", "npi": "1245319599", "observed_at": NOW}
        ),
        "practice": package.practice,
        "contact": Contact.model_validate(
            {**_SHOWN, "name": "Demo household", "patient": _NAMED, "observed_at": NOW}
        ),
        "contact_referral": ContactReferral.model_validate(
            {**_SHOWN, "referred_by": _NAMED, "referred_to": _NAMED, "updated_in_db_at": NOW}
        ),
        "referral": package.referral,
        "intake": Intake.model_validate(
            {
                **_SHOWN,
                "group_uuid": THIS,
                "row_number": 1,
                "status": IntakeStatus.ACCEPTED,
                "first_name": "Demo",
                "surname": "Person",
                "org_type_id": "1",
                "telephone": "+12025550121",
                "extra": {"preferred_day": "Tuesday", "email": "demo at home"},
                "warnings": [
                    FieldWarning(
                        field="email", type="email_invalid", msg="Must be one valid e-mail address"
                    )
                ],
                "suspected_spam": False,
                "patient": _NAMED,
                "decided_at": NOW,
            }
        ),
        "ereferral": Ereferral.model_validate(ereferral),
        "partner_channel": PartnerChannel.model_validate(
            {
                **_SHOWN,
                "referral_partner": _NAMED,
                "channel": ContactMethod.PORTAL,
                "address": "https://portal.example.com/fhir",
                "held": True,
                "held_at": NOW,
            }
        ),
        "answer_link": AnswerLink.model_construct(
            **_SHOWN,
            ereferral_uuid=THIS,
            referral_uuid=THIS,
            referral_partner=_NAMED,
            expires_at=NOW,
            locked_at=None,
        ),
        "mail_relay": MailRelay.model_validate(
            {
                **_SHOWN,
                "name": "smtps://relay.example.com:465",
                "held": True,
                "held_at": NOW,
                "code": "smtp_535",
                "detail": "5.7.8",
            }
        ),
    }


def about(event: Event[Any]) -> Resource:
    """What an event of this type shows."""
    shown = resources()[event.resource]
    fields = {name: getattr(shown, name) for name in type(shown).model_fields}
    answer: dict[str, Any] = {
        "response": Response.ACCEPTED,
        "response_note": "Booked.",
        "response_scheduled_at": NOW,
    }
    if event is REFERRAL_RESPONSE_RECORDED:
        return ReferralChange.model_construct(**fields, **answer)
    if event is EREFERRAL_RESPONSE_RECORDED:
        return EreferralChange.model_construct(**fields, **answer)
    if event is EREFERRAL_CALL_REQUESTED:
        call = CallTask(number="+12025550113", script="Good morning", letter="JVBERg==")
        return EreferralChange.model_construct(**fields, call=call)
    if event in (EREFERRAL_INFORMATION_REQUESTED, EREFERRAL_INFORMATION_PROVIDED):
        question = "Is there a recent radiograph?"
        return EreferralChange.model_construct(**fields, information=question)
    if event.resource == "ereferral":
        return EreferralChange.model_construct(**fields)
    return shown


def one_of_each() -> dict[str, bytes]:
    """An event of each type as its service publishes it."""
    events = {}
    for name, event in EVENTS.items():
        workspace = Workspace(
            Rows(),
            Publishing(event.source, f"{event.source[1:]}.events"),
            org_id="demo",
            now=NOW,
            message_id=THIS,
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        changed = ["notes"] if name.endswith((".updated", ".put")) else None
        overwrote = True if event.says_overwrote else None
        workspace.publish(event, about(event), changed=changed, overwrote=overwrote)
        events[name] = workspace.outgoing[0].body
    return events
