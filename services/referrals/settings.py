"""The settings of referrals."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from messaging.running.settings import ServiceSettings


class ReferralsSettings(ServiceSettings):
    """Read from the environment under `REFERRALS_`."""

    model_config = SettingsConfigDict(
        env_prefix="REFERRALS_", hide_input_in_errors=True, frozen=True
    )

    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8001, description="Port of health and metrics; 0 takes any free one."
    )
    intake_retention_days: Annotated[int, Field(ge=1)] = Field(
        30,
        description="For how long a rejected row of the intake is kept, and the extra fields of "
        "one that was taken in.",
    )

    @property
    def intake_kept(self) -> timedelta:
        """How long what rows from outside say is kept."""
        return timedelta(days=self.intake_retention_days)
