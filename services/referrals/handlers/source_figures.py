"""Moving a source's figures: how many patients it brought, and what it cost.

Every message that moves them asks for `moving` in its `then_needs` and nowhere else, and nothing
but figures is locked there. So whoever waits for figures holds all its other locks already, and two
replicas never wait each for the other, although an attribution names its source only once it is
loaded.
"""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from messaging.handlers.workspace import Need, Workspace
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.source import SourceFigures


def moving(source: UUID | None) -> list[Need]:
    """What a message that moves the figures of this source needs; None: it has no source."""
    return [] if source is None else [Need(SourceFigures, (source,), writes=True)]


def spend(source: UUID, dollars: Decimal, workspace: Workspace) -> None:
    """Add to the source's unarchived costs; less than 0 takes away."""
    if dollars:
        workspace.get(SourceFigures, source).total_cost += dollars


def bring_patient(
    source: UUID | None, others: Iterable[ReferralAttribution], workspace: Workspace
) -> None:
    """Count the patient of a new attribution; `others` are the patient's other unarchived ones."""
    if source is not None and not _leads_to(source, others):
        workspace.get(SourceFigures, source).patient_count += 1


def lose_patient(
    source: UUID | None, others: Iterable[ReferralAttribution], workspace: Workspace
) -> None:
    """The reverse, of an archived one: a patient who has another to this source still counts."""
    if source is not None and not _leads_to(source, others):
        workspace.get(SourceFigures, source).patient_count -= 1


def _leads_to(source: UUID, attributions: Iterable[ReferralAttribution]) -> bool:
    return any(one.referral_source_id == source for one in attributions)
