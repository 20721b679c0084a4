"""Which queries are written down: all that show something about a patient, and no others."""

from contracts.catalogue import OPERATIONS
from contracts.operations import Kind
from services.ereferral_dispatch.queries import READERS as DISPATCH
from services.referrals.queries import READERS as REFERRALS

# A partner, a provider and the practice tell of no patient. A new query has to be put here, or to
# say whose data it shows.
ABOUT_NOBODY = {
    "referral_partner.get",
    "referral_partner.list",
    "provider.get",
    "practice.get",
}


def test_every_query_says_whose_data_it_shows_or_shows_nobodys() -> None:
    """Of both services; lists too."""
    readers = {**REFERRALS, **DISPATCH}
    queries = {one.name for one in OPERATIONS.values() if one.kind is Kind.QUERY}
    assert set(readers) == queries
    silent = {
        name
        for name, reader in readers.items()
        if reader.patients is None and reader.find_patients is None
    }
    assert silent == ABOUT_NOBODY
