"""Queries that are written down: all that show something about a patient, and no others."""

from messaging.handlers.reader import about_nobody
from services.ereferral_dispatch.queries import READERS as DISPATCH
from services.referrals.queries import READERS as REFERRALS


def test_every_query_says_whose_data_it_shows_in_one_way() -> None:
    """By what it shows or by looking it up: what says neither would leave no trail."""
    readers = {**REFERRALS, **DISPATCH}
    assert len(readers) >= 16
    for name, reader in readers.items():
        ways = (reader.patients, reader.find_patients)
        assert sum(way is not None for way in ways) == 1, name


def test_what_is_about_no_patient_says_so() -> None:
    """A partner, a provider and the practice; nothing here shows a patient."""
    for name in ("referral_partner.get", "referral_partner.list", "provider.get", "practice.get"):
        assert REFERRALS[name].patients is about_nobody
    assert about_nobody(object()) == ()
