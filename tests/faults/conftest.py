"""The referrals service on real servers, as for the integration tests."""

from tests.integration.conftest import referrals

__all__ = ["referrals"]
