"""Every sender is held to the same laws. A new channel adds its harness here, and nothing else."""

import pytest

from tests.integration.dispatch.conformance.email_harness import EmailHarness, FaxMailHarness
from tests.integration.dispatch.conformance.laws import Harness, Law, laws_of
from tests.integration.dispatch.conformance.phone_harness import PhoneHarness
from tests.integration.dispatch.conformance.portal_harness import PortalHarness
from tests.integration.dispatch.conformance.sinch_harness import SinchHarness

HARNESSES: dict[str, Harness] = {
    "portal": PortalHarness(),
    "email": EmailHarness(),
    "fax by mail": FaxMailHarness(),
    "fax by Sinch": SinchHarness(),
    "phone": PhoneHarness(),
}


@pytest.mark.parametrize(
    ("harness", "law"),
    [
        pytest.param(harness, law, id=f"{channel}: {law.__name__}")
        for channel, harness in HARNESSES.items()
        for law in laws_of(harness)
    ],
)
async def test_the_law_holds(harness: Harness, law: Law) -> None:
    """The law's own docstring says which."""
    await law(harness)
