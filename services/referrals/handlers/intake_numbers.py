"""National numbers of rows from outside: read again once the practice's country is another one.

What was given is kept, so that no order of messages decides what a number is.
Source: docs/contract/wire.md#numbers and docs/contract/wire.md#intake.
"""

from contracts.intake import INTAKE_RECEIVED, IntakeStatus
from contracts.intake_row import full_name
from messaging.handlers.workspace import Need, Workspace
from services.referrals.handlers.intake_resource import shown
from services.referrals.handlers.versions import next_version
from services.referrals.models.intake import NO_COUNTRY, Intake
from services.referrals.rules.intake import numbers_again, row_search_text

READ_BY = ("numbers_country",)
"""By which column the rows are found whose numbers a country has read."""


def rows_read_by(country: str | None) -> Need:
    """The rows whose numbers that country has read; None: those that no country has."""
    return Need(Intake, (country or NO_COUNTRY,), by=READ_BY, writes=True)


def read_all_again(before: str | None, country: str | None, workspace: Workspace) -> None:
    """Those that wait to be decided, each told by `intake.received` once more."""
    for row in workspace.find_all(Intake, READ_BY, before or NO_COUNTRY):
        if row.status is IntakeStatus.RECEIVED and read_again(row, country):
            next_version(row, workspace)
            workspace.publish(INTAKE_RECEIVED, shown(row, workspace))


def read_again(row: Intake, country: str | None) -> bool:
    """The row's numbers as if it had come under this country; whether it shows anything new."""
    if row.numbers_country is None or row.numbers_country == (country or NO_COUNTRY):
        return False
    row.numbers_country = country or NO_COUNTRY
    again = numbers_again(row.numbers_given, row.extra, row.warnings, country)
    before = (row.telephone, row.mobile, row.extra, row.warnings)
    for name, number in again.numbers.items():
        setattr(row, name, number)
    row.extra, row.warnings = again.extra, again.warnings
    name = full_name(row.first_name, row.surname)
    row.search_text = row_search_text(name, row.email, row.telephone, row.mobile)
    return before != (row.telephone, row.mobile, row.extra, row.warnings)


def forget_given(row: Intake) -> None:
    """Of a row that was decided for good, or is not kept, nothing is read again."""
    row.numbers_given, row.numbers_country = {}, None
