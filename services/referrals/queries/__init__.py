"""What can be read. One file a resource."""

from services.referrals.queries import (
    attribution,
    directory,
    partner,
    referral,
    source,
    source_cost,
    source_report,
)

READERS = {
    **partner.READERS,
    **source.READERS,
    **source_cost.READERS,
    **source_report.READERS,
    **attribution.READERS,
    **directory.READERS,
    **referral.READERS,
}
