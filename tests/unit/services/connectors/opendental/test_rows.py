"""The fields kept of Open Dental's rows. The examples are those of its documentation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connectors.opendental.rows import (
    Keep,
    PatientRow,
    ReferralRow,
    kept,
    read_definition,
    read_patient,
    read_provider,
    read_refattach,
    read_referral,
)
from services.connectors.rules.versions import digest
from tests.support.samples.open_dental import DAVIDSON


def test_the_documented_example_is_read_whole() -> None:
    """Nothing refused; empty texts are none; its number of SSN or TIN is not kept."""
    read = read_referral(DAVIDSON)
    assert read.refused == () and read.stamp == "2021-06-21 10:03:08"
    assert read.row == ReferralRow(
        referral_num=1,
        last_name="Davidson",
        first_name="Norm",
        using_tin=True,
        specialty_num=465,
        specialty="Endodontics",
        state="OR",
        address="163 Madison Loop",
        city="Portland",
        zip_code="54698",
        title="DMD",
        is_doctor=True,
        is_preferred=True,
    )


@pytest.mark.parametrize(
    ("keep", "using_tin", "held"),
    [
        (Keep.NOTHING, "true", None),
        (Keep.TIN, "true", "123456789"),
        (Keep.TIN, "false", None),
        (Keep.SSN, "false", "123456789"),
    ],
)
def test_the_tax_number_is_kept_as_the_connection_says(
    keep: Keep, using_tin: str, held: str | None
) -> None:
    """Law 33: by default never; a TIN by --keep-tin, both by --keep-ssn."""
    raw = {**DAVIDSON, "UsingTIN": using_tin}
    assert read_referral(raw, keep).row.tax_number == held


@pytest.mark.parametrize("wrong", [True, "TRUE", "True", 1, None, "yes"])
def test_a_flag_is_true_or_false_in_lower_case(wrong: Any) -> None:
    """Anything else is refused by name and counts as false; the row is read."""
    read = read_referral({**DAVIDSON, "IsHidden": wrong})
    assert read.refused == ("IsHidden",) and read.row.is_hidden is False


@pytest.mark.parametrize("wrong", [None, 0, -1, "1", 1.0, True])
def test_a_row_without_a_number_is_none(wrong: Any) -> None:
    """There is nothing by which it could be known again."""
    assert read_referral({**DAVIDSON, "ReferralNum": wrong}).row is None


def test_a_refattach_keeps_what_an_attribution_or_a_draft_needs() -> None:
    """0001-01-01 is no date; a type or status that is not in the list is refused."""
    raw = {
        "RefAttachNum": 568,
        "ReferralNum": 17,
        "referralName": "Bokish",
        "PatNum": 972,
        "ItemOrder": 7,
        "RefDate": "2023-12-05",
        "ReferralType": "RefTo",
        "RefToStatus": "Scheduled",
        "Note": "",
        "IsTransitionOfCare": "false",
        "ProcNum": 1192,
        "DateProcComplete": "0001-01-01",
        "ProvNum": 8,
        "DateTStamp": "2023-12-07 11:43:15",
    }
    read = read_refattach(raw)
    assert read.refused == ()
    row = read.row
    assert (row.referral_num, row.pat_num, row.item_order, row.prov_num) == (17, 972, 7, 8)
    assert (row.referral_type, row.ref_to_status) == ("RefTo", "Scheduled")
    assert (row.ref_date, row.date_proc_complete, row.note) == ("2023-12-05", None, None)
    odd = read_refattach({**raw, "ReferralType": "RefBack", "RefDate": "5.12.2023"})
    assert odd.refused == ("RefDate", "ReferralType")
    assert odd.row.referral_type == "RefCustom"


def test_a_patient_has_no_field_for_ssn_medicaid_and_balances() -> None:
    """Law 33: what has no field cannot be kept."""
    raw = {
        "PatNum": 48,
        "LName": "Smith",
        "FName": "Jane",
        "Birthdate": "1976-05-24",
        "SSN": "632458956",
        "MedicaidID": "022419552",
        "HmPhone": "(536)624-5871",
        "WirelessPhone": "(536)987-4822",
        "Email": "smithfam@yahoo.com",
        "EstBalance": 40.11,
        "BalTotal": 111.9,
        "PatStatus": "Patient",
        "DateTStamp": "2021-12-08 15:34:34",
    }
    row = read_patient(raw).row
    assert row == PatientRow(
        pat_num=48,
        last_name="Smith",
        first_name="Jane",
        status="Patient",
        birthdate="1976-05-24",
        home_phone="(536)624-5871",
        wireless_phone="(536)987-4822",
        email="smithfam@yahoo.com",
    )
    assert not {"632458956", "022419552", 40.11, 111.9} & set(kept(row).values())


def test_a_provider_says_whether_it_was_deleted() -> None:
    """ProvStatus; a provider's SSN has no field either."""
    raw = {"ProvNum": 2, "LName": "Jones", "FName": "Tina", "NationalProvID": "1657398425"}
    assert read_provider({**raw, "ProvStatus": "Deleted", "SSN": "1"}).row.is_deleted
    assert not read_provider({**raw, "ProvStatus": "Active"}).row.is_deleted


def test_a_definition_is_a_number_and_its_words() -> None:
    """Category 35 alone is asked for."""
    row = read_definition({"DefNum": 465, "Category": 35, "ItemName": "Endodontics"}).row
    assert (row.def_num, row.item_name) == (465, "Endodontics")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from(sorted(DAVIDSON)), JSON))
def test_no_row_whatsoever_ends_a_run(raw: dict[str, Any]) -> None:
    """Law 26: each is read, or has no number; and what is kept of it has a digest."""
    read = read_referral({**raw, "ReferralNum": 1})
    assert len(digest(kept(read.row))) == 16
    assert set(read.refused) <= set(raw)
