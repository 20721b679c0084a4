"""Periods of days, both ends included.

Source: docs/contract/wire.md#report and docs/contract/wire.md#costs.
"""

from dataclasses import dataclass
from datetime import date

from contracts.problems import FieldError, invalid


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` to `end`, both included; `end` is not before `start`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has, 1 or more."""
        return (self.end - self.start).days + 1

    def days_shared_with(self, other: "Period") -> int:
        """How many days both have."""
        return max(0, (min(self.end, other.end) - max(self.start, other.start)).days + 1)


def period_of(start: date, end: date) -> Period:
    """The period of these two days. Raises Refusal `validation_error` where the end comes first."""
    if end < start:
        raise invalid(
            [
                FieldError(
                    loc=["period_end"],
                    type="period_order",
                    msg="Must not be before period_start",
                )
            ]
        )
    return Period(start, end)
