"""The settings of referrals."""

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
