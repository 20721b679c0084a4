"""Resources that a subscriber can follow, and how each is read: all of it from the contracts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from client.asking import ReferralsClient
from client.errors import NotFound
from contracts.catalogue import EVENTS, OPERATIONS, AnyOperation
from contracts.shapes import Resource

_UUID = "_uuid"


@dataclass(frozen=True, slots=True)
class Followed:
    """A resource with events. `parent`: the resource whose each one has a list of these.

    `reading` is its list, of the practice its `get`; None: it has neither, and is only heard of.
    """

    resource: str
    exchange: str
    reading: AnyOperation | None
    parent: str | None

    @property
    def is_readable(self) -> bool:
        """Whether what is there can be asked for."""
        return self.reading is not None

    @property
    def _is_list(self) -> bool:
        return self.reading is not None and self.reading.name.endswith(".list")

    def subject_id(self, org_id: str, data: Resource) -> str:
        """Its id as events name it: an org has one practice, named by the org."""
        return str(data.id) if self._is_list else org_id

    async def items(
        self, client: ReferralsClient, org_id: str, parent: str | None
    ) -> AsyncIterator[Resource]:
        """All that is there, of one parent where it has one; nothing of a parent that is gone."""
        if self.reading is None:
            return
        named = {} if self.parent is None else {f"{self.parent}{_UUID}": parent}
        request = self.reading.request.model_validate({"org_id": org_id, **named})
        try:
            if not self._is_list:
                yield await client.call(self.reading, request)
                return
            async for item in client.read_all(self.reading, request):
                yield item
        except NotFound:
            return


def _known() -> Mapping[str, Followed]:
    found = {}
    for event in EVENTS.values():
        if event.resource in found:
            continue
        listed = OPERATIONS.get(f"{event.resource}.list")
        reading = listed or OPERATIONS.get(f"{event.resource}.get")
        found[event.resource] = Followed(
            event.resource, f"{event.source[1:]}.events", reading, _parent(listed)
        )
    return found


def _parent(listed: AnyOperation | None) -> str | None:
    """The resource that its list has to be asked for by."""
    if listed is None:
        return None
    needed = [
        name
        for name, field in listed.request.model_fields.items()
        if field.is_required() and name.endswith(_UUID)
    ]
    return needed[0].removesuffix(_UUID) if needed else None


FOLLOWABLE: Mapping[str, Followed] = _known()
"""Every resource with events, by its name."""


def follow(resources: Sequence[str]) -> dict[str, Followed]:
    """Those that are named, parents before children. Raises ValueError."""
    chosen: dict[str, Followed] = {}
    for name in resources:
        if name not in FOLLOWABLE:
            raise ValueError(f"{name!r} has no events; these have: {', '.join(sorted(FOLLOWABLE))}")
        parent = FOLLOWABLE[name].parent
        if parent is not None and parent not in resources:
            raise ValueError(f"{name} is read by its {parent}: follow that too")
    for name in sorted(resources, key=lambda name: FOLLOWABLE[name].parent is not None):
        chosen[name] = FOLLOWABLE[name]
    return chosen
