"""A row as a plan sees it, what is known around it, and the step that follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.connecting import ImportKind, RowCode, RowResolution
from contracts.values import format_time

Kept = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be applied. `gone`: it is no longer there, or is another kind of thing now.

    `as_secondary`: the patient has another primary attribution already. `conflict`: the fields of
    ours that both sides changed, about which `resolution` decides.
    """

    kind: ImportKind
    external_id: str
    kept: Kept = field(repr=False)
    stamp: str | None = None
    gone: bool = False
    resolution: RowResolution | None = None
    as_secondary: bool = False
    conflict: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The resource of a row. `version` is None before it was made here, `base` the row as last
    imported. `archived`: it was archived here by somebody, and stays so. `category` is a source's,
    as of `version`."""

    uuid: UUID
    generation: int = 1
    version: int | None = None
    base: Kept | None = field(default=None, repr=False)
    observed_at: datetime | None = None
    fulfilment_status: str | None = None
    category: str | None = None
    gone: bool = False
    archived: bool = False

    @property
    def made(self) -> bool:
        """Whether others may point to it."""
        return self.version is not None and not self.archived


class Then(StrEnum):
    """What a success means for the row's resource."""

    MADE = "made"
    CHANGED = "changed"
    GONE = "gone"
    NEXT_GENERATION = "next_generation"
    RESPONDED = "responded"


@dataclass(frozen=True, slots=True)
class Send:
    """A command. `base_version` is set where it changes something; `variant` tells two commands of
    one operation for one version of a row. `base`: the row as it counts as imported afterwards,
    None for the row itself."""

    operation: str
    fields: Mapping[str, Any] = field(repr=False)
    then: Then
    base_version: int | None = None
    variant: str = ""
    base: Kept | None = field(default=None, repr=False)
    skew_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Nothing:
    """The row counts as imported: nothing of it concerns us."""


@dataclass(frozen=True, slots=True)
class Later:
    """The row stays staged until others were applied."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The row waits for another one, or for a person."""

    code: RowCode


@dataclass(frozen=True, slots=True)
class Refused:
    """A person has to look at the row. `fields` are names there."""

    code: RowCode
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageAlso:
    """The same row of theirs is needed here as another kind too."""

    kind: ImportKind
    external_id: str
    kept: Kept = field(repr=False)


Step = Send | Nothing | Later | Waits | Refused | StageAlso


class Around(Protocol):
    """What is known of the rows around one."""

    now: datetime
    attributions_staged: bool

    def known(self, kind: ImportKind, external_id: str) -> Known | None:
        """The resource of a row."""

    def siblings(self, parent: str) -> Mapping[str, int]:
        """The rank of each attribution of a patient, staged ones too, by external id."""

    def twins(self, parent: str, referral_num: int) -> Mapping[str, int]:
        """Those of them that point to one referral there."""

    def mapped_source(self, external_id: str) -> UUID | None:
        """The referral source that a person said a source number means."""


def uuid_of(known: Known | None) -> str:
    """The id of a row's resource, as it is sent."""
    assert known is not None
    return str(known.uuid)


def as_sent(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Dates and times as they travel; what is null is left out."""
    shown: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, datetime):
            shown[name] = format_time(value)
        elif value is not None:
            shown[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return shown
