"""Every sender is held to the same laws. A new channel adds its harness here, and nothing else."""

import pytest

from tests.integration.dispatch.conformance import Harness, Law, laws_of
from tests.integration.dispatch.email_harness import EmailHarness, FaxMailHarness
from tests.integration.dispatch.phone_harness import PhoneHarness
from tests.integration.dispatch.portal_harness import PortalHarness
from tests.integration.dispatch.sinch_harness import SinchHarness

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
