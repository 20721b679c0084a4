"""Bundles of any package that the contracts let through: a sweep that takes seconds."""

from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.referral import TEETH, Priority, ReasonCode
from contracts.referral_partner import ContactType
from contracts.text import clean_text
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.fhir.bundle import cancellation_bundle, referral_bundle
from tests.support.partners.fhir_judge import judge
from tests.support.samples.packages import (
    sample_consignment,
    sample_package,
    sample_partner,
    sample_patient,
    sample_practice,
    sample_provider,
    sample_referral,
)

LETTER = b"%PDF-1.7 a letter"

# What the contracts refuse in any text, beside lone surrogates.
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
characters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=CONTROLS)
line = st.text(characters, min_size=1, max_size=30).filter(clean_text)
text = st.lists(line, min_size=1, max_size=4).map("\n".join)
maybe_line = st.none() | line
npis = st.none() | st.sampled_from(["1234567893", "1093817465", "1245319599"])
times = st.datetimes(timezones=st.just(UTC))
places = {
    "npi": npis,
    "phone": st.none() | st.just("+12025550143"),
    "fax": st.none() | st.just("+12025550144"),
    "email": st.none() | st.just("a@example.com"),
    "address_line1": maybe_line,
    "address_line2": maybe_line,
    "city": maybe_line,
    "state": maybe_line,
    "postal_code": maybe_line,
    "country": st.sampled_from(["US", "DE", "JP"]),
}
# Spaces of every kind come in codes and systems, which FHIR's `code` and `uri` do not have.
spaced = st.sampled_from(["A B", "A  B", "A\u00a0B", "A\u2003B"])
codes = st.builds(
    ReasonCode,
    system=st.just("http://hl7.org/fhir/sid/icd-10-cm") | spaced | line,
    code=st.just("K04.01") | spaced | line,
    display=maybe_line,
)
consignments = st.builds(
    lambda referral, patient, practice, provider, partner, repeat: sample_consignment(
        possible_repeat=repeat,
        package=sample_package(
            referral=sample_referral(**referral),
            patient=sample_patient(**patient),
            practice=sample_practice(**practice),
            partner=sample_partner(**partner),
        ).model_copy(
            update={"referring_provider": None if provider is None else sample_provider(**provider)}
        ),
    ),
    referral=st.fixed_dictionaries(
        {
            "priority": st.sampled_from(Priority),
            "reason": text,
            "reason_codes": st.none() | st.lists(codes, max_size=4),
            "teeth": st.none() | st.lists(st.sampled_from(sorted(TEETH)), max_size=5),
            "notes": st.none() | text,
            "respond_by": st.none() | times,
            "sent_at": st.none() | times,
        }
    ),
    patient=st.fixed_dictionaries(
        {
            "name": line,
            "date_of_birth": st.none() | st.dates(),
            "phone": places["phone"],
            "email": places["email"],
        }
    ),
    practice=st.fixed_dictionaries({"name": line, **places}),
    provider=st.none() | st.fixed_dictionaries({"name": line, "npi": npis}),
    partner=st.fixed_dictionaries(
        {
            "contact_type": st.sampled_from(ContactType),
            "first_name": maybe_line,
            "last_name": maybe_line,
            "practice_name": maybe_line,
            "specialty": maybe_line,
            **places,
        }
    ),
    repeat=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(consignments)
def test_every_package_gives_bundles_that_are_fhir(consignment: Consignment) -> None:
    """Whatever the contracts let through, both bundles are R4 and hold together."""
    judge(referral_bundle(consignment, LETTER))
    judge(cancellation_bundle(consignment, "Sent by mistake"))


@settings(max_examples=15, deadline=None)
@given(consignments)
def test_the_same_package_gives_the_same_bytes(consignment: Consignment) -> None:
    """No clock and no chance is in a bundle."""
    assert referral_bundle(consignment, LETTER) == referral_bundle(consignment, LETTER)
