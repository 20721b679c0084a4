"""An org for a test."""

import pytest

from tests.integration.referrals.marketing import Marketing, marketing
from tests.support.services.referrals import Referrals


@pytest.fixture
def org(referrals: Referrals) -> Marketing:
    """An org of this test's own."""
    return marketing(referrals)
