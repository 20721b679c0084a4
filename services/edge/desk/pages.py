"""The table of pages, in the navigation's order. Another page is one more line.

docs/maintainers/add-a-page.md says what belongs to one.
"""

from services.edge.desk.page import Page
from services.edge.desk.sections import (
    activity,
    as_written,
    home,
    imports,
    intake,
    partners,
    referral,
    referrals,
    sources,
    task,
    trail,
    writing,
)

PAGES: tuple[Page, ...] = (
    home.PAGE,
    task.PAGE,
    referrals.PAGE,
    *writing.PAGES,  # before the next, whose path `new` fits too
    as_written.PAGE,
    referral.PAGE,
    referral.LETTER,
    *intake.PAGES,
    *partners.PAGES,
    *sources.PAGES,
    imports.PAGE,
    trail.PAGE,
    *activity.PAGES,
)
