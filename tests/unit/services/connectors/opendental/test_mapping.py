"""Open Dental's rows and the resources they become.

Each of a referral's 27 fields is held here or in test_rows.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.connecting import ImportKind
from contracts.referral import Response
from contracts.referral_attribution import AttributionRole
from contracts.referral_partner import ContactType, ReferralPartnerCreate
from contracts.referral_source import ReferralSourceCreate, SourceCategory
from services.connectors.opendental.mapping import (
    attributed_at,
    attribution_fields,
    becomes_draft,
    category_of,
    kind_of,
    partner_fields,
    patient_fields,
    provider_fields,
    referral_fields,
    response_of,
    role_of,
    source_fields,
    written_back,
)
from services.connectors.opendental.rows import (
    PatientRow,
    ProviderRow,
    RefAttachRow,
    ReferralRow,
    RefToStatus,
)

PORTLAND = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (ReferralRow(1, pat_num=435), ImportKind.SOURCE),
        (ReferralRow(1, is_patient=True, is_doctor=True), ImportKind.SOURCE),
        (ReferralRow(1, is_doctor=True), ImportKind.PARTNER),
        (ReferralRow(1, specialty_num=465), ImportKind.PARTNER),
        (ReferralRow(1, specialty="Surgery", not_person=True), ImportKind.PARTNER),
        (ReferralRow(1, not_person=True), ImportKind.SOURCE),
        (ReferralRow(1), ImportKind.SOURCE),
    ],
)
def test_a_patient_is_a_source_a_doctor_a_partner_and_the_rest_sources(
    row: ReferralRow, kind: ImportKind
) -> None:
    """In this order: who is a patient is a source whatever else is set."""
    assert kind_of(row) is kind


def test_a_person_with_both_names_is_a_provider() -> None:
    """Each column lands where B1's table says; a national phone is read by the country."""
    row = ReferralRow(
        1,
        last_name="Davidson",
        first_name="Norm",
        business_name="Davidson Endo",
        specialty="Endodontics",
        telephone="5033635432",
        email="norm@davidson.example",
        address="163 Madison Loop",
        address2="Suite 4",
        city="Portland",
        state="OR",
        zip_code="54698",
        note="Mondays only",
    )
    mapped = partner_fields(row)
    assert mapped.refused == ()
    assert mapped.fields == {
        "contact_type": ContactType.PROVIDER,
        "first_name": "Norm",
        "last_name": "Davidson",
        "practice_name": "Davidson Endo",
        "specialty": "Endodontics",
        "phone": "+15033635432",
        "email": "norm@davidson.example",
        "address_line1": "163 Madison Loop",
        "address_line2": "Suite 4",
        "city": "Portland",
        "state": "OR",
        "postal_code": "54698",
        "notes": "Mondays only",
        "country": "US",
        "is_active": True,
    }


def test_without_both_names_it_is_a_practice() -> None:
    """Called by its business, else by its last name; a hidden row is inactive."""
    named = partner_fields(ReferralRow(1, last_name="Surgery Center", is_hidden=True)).fields
    assert named["contact_type"] is ContactType.PRACTICE
    assert named["practice_name"] == "Surgery Center" and named["is_active"] is False
    business = partner_fields(ReferralRow(1, last_name="Lee", business_name="Lee Oral")).fields
    assert business["practice_name"] == "Lee Oral" and business["last_name"] == "Lee"


def test_a_value_that_the_contract_refuses_becomes_null_and_is_named() -> None:
    """The row goes in without it; no value is in what is told."""
    row = ReferralRow(1, last_name="A", first_name="B", telephone="12", email="nobody")
    mapped = partner_fields(row)
    assert mapped.refused == ("EMail", "Telephone")
    assert mapped.fields["phone"] is None and mapped.fields["email"] is None


LONG = "x" * 201


@pytest.mark.parametrize(
    ("row", "refused", "called"),
    [
        (ReferralRow(1, last_name="Lee", first_name=LONG), ("FName",), (None, "Lee", "Lee")),
        (ReferralRow(1, last_name=LONG, first_name="Ann"), ("LName",), ("Ann", None, None)),
        (
            ReferralRow(1, last_name=LONG, first_name="Ann", business_name="Lee Oral"),
            ("LName",),
            ("Ann", None, "Lee Oral"),
        ),
        (
            ReferralRow(1, last_name="Lee", first_name="A\x00n", business_name=LONG),
            ("BusinessName", "FName"),
            (None, "Lee", "Lee"),
        ),
    ],
)
def test_a_partner_without_a_name_that_is_refused_is_a_practice(
    row: ReferralRow, refused: tuple[str, ...], called: tuple[str | None, ...]
) -> None:
    """Who has no first name left is no provider; the name that is refused is told, and no other."""
    mapped = partner_fields(row)
    assert mapped.refused == refused
    assert mapped.fields["contact_type"] is ContactType.PRACTICE
    names = ("first_name", "last_name", "practice_name")
    assert tuple(mapped.fields[name] for name in names) == called


@pytest.mark.parametrize(
    ("row", "refused", "name"),
    [
        (PatientRow(1, "Pace", "P" * 300), ("FName",), "Pace"),
        (PatientRow(1, "P" * 300, "Paul"), ("LName",), "Paul"),
        (PatientRow(1, "P" * 150, "Q" * 150), ("FName",), "P" * 150),
        (PatientRow(1, "Pace", "Paul", birthdate="3000-01-01"), ("Birthdate",), "Paul Pace"),
        (PatientRow(1, "Pace", "Paul", birthdate="2026-07-03"), ("Birthdate",), "Paul Pace"),
        (PatientRow(1, "Pace", "Paul", refused=("Birthdate",)), ("Birthdate",), "Paul Pace"),
    ],
)
def test_a_patient_goes_in_without_what_is_refused(
    row: PatientRow, refused: tuple[str, ...], name: str
) -> None:
    """A name of one part; no birthday that is to come, which the directory refuses."""
    mapped = patient_fields(row, NOW)
    assert (mapped.refused, mapped.fields["name"]) == (refused, name)
    assert mapped.fields["date_of_birth"] is None


def test_what_the_service_refuses_is_named_as_it_is_called_there() -> None:
    """Fields and references by their columns; what belongs to none keeps its name."""
    partner = partner_fields(ReferralRow(1, last_name="Lee"))
    ours = ("last_name", "phone", "practice_name", "fax")
    assert partner.their_names(ours) == {"LName", "Telephone", "fax"}
    attribution = attribution_fields(RefAttachRow(1), None, PORTLAND, NOW)
    references = ("referral_source_uuid", "attributed_at", "patient_uuid")
    assert attribution.their_names(references) == {"ReferralNum", "RefDate", "PatNum"}


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (ReferralRow(1, last_name="Facebook Ad"), "Facebook Ad"),
        (ReferralRow(1, last_name="Beringer", first_name="Debbie"), "Debbie Beringer"),
        (ReferralRow(1, business_name="Yellow Pages"), "Yellow Pages"),
        (ReferralRow(1, first_name="Debbie", business_name="Ads"), "Ads"),
        (ReferralRow(1, first_name="Debbie"), "Debbie"),
        (ReferralRow(1), None),
    ],
)
def test_a_source_is_called_by_its_names_else_by_its_business(
    row: ReferralRow, name: str | None
) -> None:
    """FName LName; the business where LName is empty."""
    assert source_fields(row).fields["name"] == name


def test_a_source_is_a_patient_or_something_else() -> None:
    """Nothing in a row says which kind of marketing it is: a person sets that here."""
    assert category_of(ReferralRow(1, pat_num=3)) is SourceCategory.PATIENT_REFERRAL
    assert category_of(ReferralRow(1, not_person=True)) is SourceCategory.OTHER


def test_a_patient_is_reached_by_the_first_number_that_is_valid() -> None:
    """Wireless, home, work; an invalid one is named."""
    row = PatientRow(48, "Smith", "Jane", None, None, "1976-05-24", "(503) 363-5432", None, "1")
    mapped = patient_fields(row, NOW)
    assert mapped.refused == ("WirelessPhone",)
    assert mapped.fields == {
        "name": "Jane Smith",
        "date_of_birth": date(1976, 5, 24),
        "email": None,
        "phone": "+15033635432",
    }


def test_a_provider_is_called_with_the_suffix_or_by_the_abbreviation() -> None:
    """An NPI with a wrong check digit is left out."""
    mapped = provider_fields(ProviderRow(1, "Albert", "Brian", "DMD", "DOC1", "1679608723"))
    assert mapped.fields["name"] == "Brian Albert, DMD"
    assert provider_fields(ProviderRow(2, abbreviation="HYG1")).fields["name"] == "HYG1"
    wrong = provider_fields(ProviderRow(3, "A", "B", npi="1679608720"))
    assert wrong.fields["npi"] is None and wrong.refused == ("NationalProvID",)


def test_an_attribution_is_dated_at_noon_of_its_day_there() -> None:
    """12:00 in Portland on 5 January 2022 is 20:00 UTC; today's noon is not after now."""
    row = RefAttachRow(1, 3, 25, 0, "2022-01-05", "RefFrom", note="by phone")
    mapped = attribution_fields(row, "2026-06-01 10:00:00", PORTLAND, NOW)
    assert mapped.fields == {
        "source_note": "by phone",
        "attributed_at": datetime(2022, 1, 5, 20, 0, tzinfo=UTC),
    }
    assert attributed_at("2026-07-01", PORTLAND, NOW) == NOW
    assert attributed_at(None, PORTLAND, NOW) is None


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        (RefAttachRow(1), ()),
        (RefAttachRow(1, refused=("RefDate",)), ("RefDate",)),
        (RefAttachRow(1, ref_date="3000-01-01"), ("RefDate",)),
    ],
)
def test_an_attribution_without_a_day_is_dated_by_the_last_change_of_its_row(
    row: RefAttachRow, refused: tuple[str, ...]
) -> None:
    """10:00 in Portland's summer is 17:00 UTC: history is no patient of this month. A day to come
    is none; only a row that has no stamp either is left to the service."""
    mapped = attribution_fields(row, "2021-06-01 10:00:00", PORTLAND, NOW)
    assert mapped.fields["attributed_at"] == datetime(2021, 6, 1, 17, 0, tzinfo=UTC)
    assert mapped.refused == refused
    ahead = attribution_fields(row, "2026-12-01 10:00:00", PORTLAND, NOW)
    assert ahead.fields["attributed_at"] == NOW
    assert attribution_fields(row, None, PORTLAND, NOW).fields["attributed_at"] is None


def test_the_lowest_item_order_is_the_primary_one() -> None:
    """Of equal ones the older row."""
    row = RefAttachRow(8, item_order=1)
    assert role_of(row, {}) is AttributionRole.PRIMARY
    assert role_of(row, {"9": 1, "7": 2}) is AttributionRole.PRIMARY
    assert role_of(row, {"7": 1}) is AttributionRole.SECONDARY
    assert role_of(row, {"9": 0}) is AttributionRole.SECONDARY


@given(st.dictionaries(st.integers(1, 50), st.integers(0, 3), min_size=1))
def test_a_patient_has_exactly_one_primary(orders: dict[int, int]) -> None:
    """Whatever the orders, and however many are equal."""
    roles = [
        role_of(
            RefAttachRow(number, item_order=order),
            {str(n): o for n, o in orders.items() if n != number},
        )
        for number, order in orders.items()
    ]
    assert roles.count(AttributionRole.PRIMARY) == 1


@pytest.mark.parametrize(
    ("row", "draft"),
    [
        (RefAttachRow(1, ref_date="2026-06-01", referral_type="RefTo"), True),
        (RefAttachRow(1, ref_date="2026-05-31", referral_type="RefTo"), False),
        (RefAttachRow(1, ref_date=None, referral_type="RefTo"), False),
        (RefAttachRow(1, ref_date="2026-06-01", referral_type="RefFrom"), False),
        (
            RefAttachRow(
                1, ref_date="2026-06-01", referral_type="RefTo", ref_to_status="Scheduled"
            ),
            False,
        ),
    ],
)
def test_only_a_new_outgoing_referral_without_an_answer_is_a_draft(
    row: RefAttachRow, draft: bool
) -> None:
    """An old one is history: nobody wants a draft of it."""
    assert becomes_draft(row, date(2026, 6, 1)) is draft


def test_a_draft_says_why_by_note_specialty_or_that_it_came() -> None:
    """In this order."""
    partner = ReferralRow(17, specialty="Surgery")
    assert referral_fields(RefAttachRow(1, note="Tooth 14"), partner).fields["reason"] == "Tooth 14"
    assert referral_fields(RefAttachRow(1), partner).fields["reason"] == "Surgery"
    assert referral_fields(RefAttachRow(1), None).fields["reason"] == "Referred in Open Dental"


def test_each_answer_has_a_status_there_and_back() -> None:
    """B1's two tables. A cancelled and a merely requested referral write nothing."""
    today = date(2026, 7, 1)
    assert written_back("accepted", today) == {"RefToStatus": "Scheduled"}
    assert written_back("in-progress", today) == {"RefToStatus": "InTreatment"}
    assert written_back("completed", today) == {
        "RefToStatus": "Complete",
        "DateProcComplete": "2026-07-01",
    }
    assert written_back("rejected", today) == {"RefToStatus": "Declined"}
    assert written_back("failed", today) == {"RefToStatus": "Declined"}
    assert [written_back(s, today) for s in (None, "requested", "cancelled")] == [None] * 3
    assert {status: response_of(status) for status in RefToStatus} == {
        RefToStatus.NONE: None,
        RefToStatus.DECLINED: Response.REJECTED,
        RefToStatus.SCHEDULED: Response.ACCEPTED,
        RefToStatus.CONSULTED: Response.IN_PROGRESS,
        RefToStatus.IN_TREATMENT: Response.IN_PROGRESS,
        RefToStatus.COMPLETE: Response.COMPLETED,
    }


TEXT = st.none() | st.text(max_size=12) | st.sampled_from([LONG, "x" * 150, "A\x00"])
REFERRAL = st.builds(
    ReferralRow,
    referral_num=st.just(1),
    last_name=TEXT,
    first_name=TEXT,
    business_name=TEXT,
    specialty=TEXT,
    telephone=TEXT,
    email=TEXT,
    note=TEXT,
    address=TEXT,
    is_hidden=st.booleans(),
)


@given(REFERRAL)
def test_whatever_was_mapped_is_taken_by_the_contract(row: ReferralRow) -> None:
    """A partner, and a source with a name, is a command that is valid by itself; a provider has
    both names."""
    fields = partner_fields(row).fields
    both = fields["first_name"] is not None and fields["last_name"] is not None
    assert (fields["contact_type"] is ContactType.PROVIDER) is both
    ReferralPartnerCreate(org_id="o", **fields)
    source = source_fields(row).fields
    if source["name"] is not None:
        ReferralSourceCreate(org_id="o", category=category_of(row), **source)
