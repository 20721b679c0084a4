"""Every sender is held to the same laws. A new channel adds its harness here, and nothing else."""

import pytest

from tests.integration.dispatch.conformance import LAWS, Harness
from tests.integration.dispatch.portal_harness import PortalHarness

HARNESSES: dict[str, Harness] = {
    "portal": PortalHarness(),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("channel", HARNESSES)
async def test_the_law_holds(channel: str, law: object) -> None:
    """The law's own docstring says which."""
    assert callable(law)
    await law(HARNESSES[channel])
