"""docs/contract/wire.md#topology and what follows it name all that `contracts/` has."""

import re
from typing import Any

import pytest

from contracts.catalogue import EVENTS, OPERATIONS
from contracts.connecting import (
    ConnectionFailureCode,
    ImportKind,
    RowCode,
    RowResolution,
    System,
)
from contracts.ereferral import FailureCode
from contracts.intake import IntakeStatus, Likeness, LikenessReason, RejectReason
from contracts.operations import Kind, Operation
from contracts.problems import ProblemCode
from contracts.referral import EreferralStatus
from contracts.referral_source import SourceCategory
from tests.support.pages import CHECKOUT

_PAGE = (CHECKOUT / "docs" / "contract" / "wire.md").read_text("utf-8")
_SECTIONS = dict(re.findall(r'<a id="([\w-]+)"></a>(.*?)(?=<a id=|\Z)', _PAGE, re.DOTALL))
_SECTION_OF = {
    "referral_partner": "partners",
    "referral_source": "sources",
    "referral_source_cost": "costs",
    "referral_attribution": "attributions",
    "patient": "directory",
    "provider": "directory",
    "practice": "directory",
    "referral": "referrals",
    "contact": "contacts",
    "contact_referral": "contact-referrals",
    "intake": "intake",
    "intake_map": "intake",
    "ereferral": "ereferrals",
    "partner_channel": "ereferrals",
    "answer_link": "answer-links",
    "connection": "connectors",
    "import_row": "connectors",
    "external_id": "connectors",
    "source_map": "connectors",
    "operator_map": "connectors",
    "patient_trail": "trail",
    "ereferral_trail": "trail",
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_every_operation_is_in_its_section(operation: Operation[Any, Any]) -> None:
    """As a command or a query, by its whole name or its verb."""
    resource, _, verb = operation.name.partition(".")
    section = _SECTIONS[_SECTION_OF[resource]]
    kind = "C" if operation.kind is Kind.COMMAND else "Q"
    assert re.search(rf"`{kind} (?:{resource}\.)?{verb}\b", section)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_no_field_of_an_operation_is_missing(operation: Operation[Any, Any]) -> None:
    """Fields that every list, update or create has are in the sections of these."""
    common = _SECTIONS["resources"] + _SECTIONS["versions"] + _SECTIONS["lists"]
    section = _SECTIONS[_SECTION_OF[operation.name.partition(".")[0]]] + common
    section += _SECTIONS["messages"]
    fields = operation.request.model_fields.items()
    names = [field.alias or name for name, field in fields]
    assert [name for name in names if not re.search(rf"\b{name}\b", section)] == []


def test_every_problem_code_is_in_the_table() -> None:
    """Those of a missing resource by the resource's name."""
    section = _SECTIONS["problems"]
    for code in ProblemCode:
        assert f"`{code.removesuffix('_not_found')}`" in section


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("outcome-codes", list(FailureCode)),
        ("ereferral-statuses", list(EreferralStatus)),
        ("sources", list(SourceCategory)),
        ("connectors", [*System, *ImportKind, *ConnectionFailureCode, *RowCode, *RowResolution]),
        ("intake", [*IntakeStatus, *RejectReason, *Likeness, *LikenessReason]),
    ],
)
def test_closed_lists_are_whole(section: str, names: list[str]) -> None:
    """A member more in the code is one more on the page."""
    assert [name for name in names if f"`{name}`" not in _SECTIONS[section]] == []


def test_every_event_type_is_listed() -> None:
    """With its resource, and `.` and what happened, on one line of the list or below it."""
    lines = re.split(r"^- ", _SECTIONS["event-types"], flags=re.MULTILINE)
    for event in EVENTS:
        resource, _, happened = event.partition(".")
        its_lines = [line for line in lines if re.search(rf"`{resource}[`.]", line)]
        assert any(re.search(rf"[`.]{happened}`", line) for line in its_lines), event
