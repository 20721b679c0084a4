"""What can be read. One file a resource."""

from services.referrals.queries import directory, partner, referral

READERS = {**partner.READERS, **directory.READERS, **referral.READERS}
