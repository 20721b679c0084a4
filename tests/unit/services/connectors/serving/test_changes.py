"""Changes of rows of our own Open Dental interface: whose turn it is."""

import asyncio

from services.connectors.serving.changes import Turns


async def test_changes_of_one_row_are_made_one_after_the_other() -> None:
    """As they came; those of another number, or of the same one of another org, do not wait."""
    turns = Turns()
    done: list[str] = []
    ends, others_done = asyncio.Event(), asyncio.Event()

    async def change(org_id: str, number: int, name: str) -> None:
        async with turns.of(org_id, number):
            if name == "first":
                await ends.wait()
            done.append(name)
            if name == "other org":
                others_done.set()

    async with asyncio.TaskGroup() as group:
        for org_id, number, name in (
            ("org_1", 1, "first"),
            ("org_1", 1, "second"),
            ("org_1", 1, "third"),
            ("org_1", 2, "other number"),
            ("org_2", 1, "other org"),
        ):
            group.create_task(change(org_id, number, name))
        await others_done.wait()
        assert done == ["other number", "other org"]
        ends.set()
    assert done[2:] == ["first", "second", "third"]
