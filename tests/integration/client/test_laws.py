"""Laws of asking: the same of the real services and of the fake."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from client import Conflict, Invalid, NotFound, Refused, ValidationFailed, VersionConflict
from contracts.contact import (
    ARCHIVE_CONTACT,
    GET_CONTACT,
    LIST_CONTACTS,
    PUT_CONTACT,
    ContactArchive,
    ContactGet,
    ContactList,
    ContactPut,
)
from contracts.contact_referral import (
    CREATE_CONTACT_REFERRAL,
    UPDATE_CONTACT_REFERRAL,
    ContactReferralCreate,
    ContactReferralUpdate,
)
from contracts.referral import (
    CANCEL_REFERRAL,
    GET_REFERRAL,
    SEND_REFERRAL,
    ReferralCancel,
    ReferralGet,
    ReferralSend,
)
from contracts.referral_partner import (
    ARCHIVE_REFERRAL_PARTNER,
    CREATE_REFERRAL_PARTNER,
    GET_REFERRAL_PARTNER,
    LIST_REFERRAL_PARTNERS,
    UPDATE_REFERRAL_PARTNER,
    ContactType,
    ReferralPartnerArchive,
    ReferralPartnerCreate,
    ReferralPartnerGet,
    ReferralPartnerList,
    ReferralPartnerUpdate,
)
from contracts.shapes import Listing
from tests.integration.client import made
from tests.integration.client.conftest import Services

PORTAL = {"accepts_ereferral": True, "ereferral_endpoint": "tel:+12025550113"}


async def refusal(asking: Any) -> Refused:
    """The refusal of what is asked."""
    with pytest.raises(Refused) as refused:
        await asking
    return refused.value


async def test_a_create_shows_what_was_made(services: Services, org_id: str) -> None:
    """Version 1, each field in its normal form, and what was left out by its default."""
    partner = await made.partner(
        services.client, org_id, phone="+1 202-555-0113", notes="Closed on Fridays"
    )
    assert (partner.version, partner.phone, partner.country) == (1, "+12025550113", "US")
    assert (partner.notes, partner.npi, partner.is_active) == ("Closed on Fridays", None, True)
    got = await services.client.call(
        GET_REFERRAL_PARTNER, ReferralPartnerGet(org_id=org_id, referral_partner_uuid=partner.id)
    )
    assert got == partner


async def test_an_update_changes_what_is_given_and_no_more(services: Services, org_id: str) -> None:
    """Null clears; the same again is no new version."""
    partner = await made.partner(services.client, org_id, notes="Ask for Ann", city="Springfield")
    named: dict[str, Any] = {"org_id": org_id, "referral_partner_uuid": partner.id}
    changed = await services.client.call(
        UPDATE_REFERRAL_PARTNER, ReferralPartnerUpdate(**named, base_version=1, notes=None)
    )
    assert (changed.version, changed.notes, changed.city) == (2, None, "Springfield")
    again = await services.client.call(
        UPDATE_REFERRAL_PARTNER, ReferralPartnerUpdate(**named, base_version=2, notes=None)
    )
    assert again.version == 2


async def test_a_stale_version_is_a_conflict_that_tells_the_current_one(
    services: Services, org_id: str
) -> None:
    """So that whoever asked reads again, and decides anew."""
    partner = await made.partner(services.client, org_id)
    request = ReferralPartnerUpdate(
        org_id=org_id, referral_partner_uuid=partner.id, base_version=7, city="Springfield"
    )
    with pytest.raises(VersionConflict) as conflict:
        await services.client.call(UPDATE_REFERRAL_PARTNER, request)
    assert (conflict.value.status, conflict.value.current_version) == (409, 1)


async def test_unknown_archived_and_another_orgs_are_not_found(
    services: Services, org_id: str
) -> None:
    """One class, the code names the resource."""
    partner = await made.partner(services.client, org_id)
    request = ReferralPartnerArchive(
        org_id=org_id, referral_partner_uuid=partner.id, base_version=1
    )
    elsewhere = ReferralPartnerGet(org_id=f"{org_id}_b", referral_partner_uuid=partner.id)
    assert (await refusal(services.client.call(GET_REFERRAL_PARTNER, elsewhere))).status == 404
    await services.client.call(ARCHIVE_REFERRAL_PARTNER, request)
    for id_ in (partner.id, uuid4()):
        asked = ReferralPartnerGet(org_id=org_id, referral_partner_uuid=id_)
        refused = await refusal(services.client.call(GET_REFERRAL_PARTNER, asked))
        assert isinstance(refused, NotFound)
        assert refused.code == "referral_partner_not_found"


async def test_a_wrong_field_is_named(services: Services, org_id: str) -> None:
    """Its place and the kind of its fault; a mapping is sent unchecked."""
    given = {
        "org_id": org_id,
        "contact_type": "practice",
        "practice_name": "X",
        "npi": "1234567890",
    }
    refused = await refusal(services.client.call(CREATE_REFERRAL_PARTNER, given))
    assert isinstance(refused, ValidationFailed)
    assert [(one.loc, one.type) for one in refused.errors] == [(["npi"], "npi_checksum")]


async def test_a_message_id_has_one_effect(services: Services, org_id: str) -> None:
    """The same again is answered as the first time, another body is refused."""
    message_id = uuid4()
    request = ReferralPartnerCreate(
        org_id=org_id, contact_type=ContactType.LAB, practice_name="Demo Lab"
    )
    first = await services.client.call(CREATE_REFERRAL_PARTNER, request, message_id=message_id)
    again = await services.client.call(CREATE_REFERRAL_PARTNER, request, message_id=message_id)
    assert again == first
    other = request.model_copy(update={"practice_name": "Another Lab"})
    refused = await refusal(
        services.client.call(CREATE_REFERRAL_PARTNER, other, message_id=message_id)
    )
    assert (type(refused), refused.code) == (Conflict, "message_id_reused")
    page = await services.client.call(LIST_REFERRAL_PARTNERS, ReferralPartnerList(org_id=org_id))
    assert isinstance(page, Listing)
    assert page.total == 1


async def test_a_taken_id_is_a_conflict(services: Services, org_id: str) -> None:
    """An id that the client brought is its own once."""
    partner = await made.partner(services.client, org_id, id=uuid4())
    refused = await refusal(made.partner(services.client, org_id, id=partner.id))
    assert (type(refused), refused.code) == (Conflict, "already_exists")


async def test_what_was_observed_last_counts(services: Services, org_id: str) -> None:
    """An older put changes nothing, an archive hides, a newer put brings back."""
    contact = await made.contact(services.client, org_id, "Household Archer")
    named: dict[str, Any] = {"org_id": org_id, "contact_uuid": contact.id}
    earlier, later = (made.OBSERVED_AT + timedelta(seconds=by) for by in (-0.5, 0.5))
    put = ContactPut(**named, name="Household Other", observed_at=earlier)
    held = await services.client.call(PUT_CONTACT, put)
    assert held is not None and (held.name, held.version) == ("Household Archer", 1)
    archive = ContactArchive(**named, observed_at=later)
    assert await services.client.call(ARCHIVE_CONTACT, archive) is None
    refused = await refusal(services.client.call(GET_CONTACT, ContactGet(**named)))
    assert refused.code == "contact_not_found"
    put = ContactPut(**named, name="Household Archer", observed_at=later + timedelta(days=1))
    back = await services.client.call(PUT_CONTACT, put)
    assert back is not None and back.version == 3


async def test_everything_is_read_by_cursor(services: Services, org_id: str) -> None:
    """Each row once, whatever the size of a stretch; a page counts them all."""
    names = {f"Household {letter}" for letter in "ABCDE"}
    for name in names:
        await made.contact(services.client, org_id, name)
    request = ContactList(org_id=org_id)
    read = [one.name async for one in services.client.read_all(LIST_CONTACTS, request, page_size=2)]
    assert (len(read), set(read)) == (5, names)
    page = await services.client.call(
        LIST_CONTACTS, ContactList(org_id=org_id, page=2, page_size=2, search="HOUSEHOLD")
    )
    assert isinstance(page, Listing)
    assert [one.name for one in page.items] == ["Household C", "Household D"]
    assert page.total == 5


async def test_contact_referrals_are_changed_by_their_time(services: Services, org_id: str) -> None:
    """`updated_in_db_at` as it was read; it has whole seconds and rises with each change."""
    ann, ben, cat = [await made.contact(services.client, org_id, name) for name in ("A", "B", "C")]
    referral = await services.client.call(
        CREATE_CONTACT_REFERRAL,
        ContactReferralCreate(org_id=org_id, contact_uuid=ann.id, referred_to_uuid=ben.id),
    )
    assert (referral.referred_by.name, referral.referred_to.name) == ("A", "B")
    assert referral.updated_in_db_at.microsecond == 0
    request = ContactReferralUpdate(
        org_id=org_id,
        contact_uuid=ann.id,
        contact_referral_uuid=referral.id,
        updated_in_db_at=referral.updated_in_db_at,
        referred_to_uuid=cat.id,
    )
    changed = await services.client.call(UPDATE_CONTACT_REFERRAL, request)
    assert changed.referred_to.uuid == cat.id
    assert changed.updated_in_db_at >= referral.updated_in_db_at + timedelta(seconds=1)
    stale = request.model_copy(update={"referred_to_uuid": ben.id})
    refused = await refusal(services.client.call(UPDATE_CONTACT_REFERRAL, stale))
    assert isinstance(refused, VersionConflict)


async def test_a_referral_is_sent_once(services: Services, org_id: str) -> None:
    """A draft that names a practice's patient and a partner that accepts e-referrals."""
    client = services.client
    closed = await made.draft(client, org_id, (await made.partner(client, org_id)).id)
    draft = await made.draft(client, org_id, (await made.partner(client, org_id, **PORTAL)).id)
    assert (draft.status, draft.fulfilment_status, draft.sent_at) == ("draft", None, None)

    def send(uuid: UUID, version: int = 1) -> ReferralSend:
        return ReferralSend(org_id=org_id, referral_uuid=uuid, base_version=version)

    refused = await refusal(client.call(SEND_REFERRAL, send(draft.id)))
    assert refused.code == "practice_not_found"
    await made.practice(client, org_id)
    refused = await refusal(client.call(SEND_REFERRAL, send(closed.id)))
    assert (type(refused), refused.code) == (Invalid, "partner_does_not_accept_ereferrals")
    sent = await client.call(SEND_REFERRAL, send(draft.id))
    assert (sent.status, sent.fulfilment_status, sent.version) == ("active", "requested", 2)
    assert sent.ereferral_uuid is not None and sent.respond_by is not None
    got = await client.call(GET_REFERRAL, ReferralGet(org_id=org_id, referral_uuid=draft.id))
    refused = await refusal(client.call(SEND_REFERRAL, send(draft.id, got.version)))
    assert refused.code == "invalid_transition"


async def test_a_draft_can_be_cancelled(services: Services, org_id: str) -> None:
    """It is revoked, and nobody was asked."""
    to = (await made.partner(services.client, org_id)).id
    draft = await made.draft(services.client, org_id, to)
    cancelled = await services.client.call(
        CANCEL_REFERRAL,
        ReferralCancel(org_id=org_id, referral_uuid=draft.id, base_version=1, reason="Moved"),
    )
    assert (cancelled.status, cancelled.cancel_reason) == ("revoked", "Moved")


async def test_a_lost_connection_doubles_nothing(services: Services, org_id: str) -> None:
    """The request goes out again under its message id: one partner, one reply."""
    await made.partner(services.client, org_id)
    async with services.losing():
        partner = await made.partner(services.client, org_id, practice_name="Demo Lab")
    page = await services.client.call(LIST_REFERRAL_PARTNERS, ReferralPartnerList(org_id=org_id))
    assert isinstance(page, Listing)
    assert page.total == 2
    assert partner.practice_name == "Demo Lab"
