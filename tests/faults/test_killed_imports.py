"""Connectors that are killed in the middle of an import, beside desks at work."""

from tests.faults.rig.imports import kill_imports
from tests.faults.rig.rig import Rig


async def test_an_import_that_is_killed_makes_each_row_once(rig: Rig) -> None:
    """Nothing is lacking, nothing is there twice, and nobody else notices."""
    async with rig.round() as at_work:
        await kill_imports(rig, at_work, kills=1)
    assert rig.fleet.deaths == []
