"""The options of a connection, and its secrets: references that are read each run, or sealed."""

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.connecting import ConnectionFailureCode as Code
from contracts.connecting import System
from contracts.referral_partner import DEFAULT_COUNTRY
from contracts.values import Country, parse_time_zone
from services.connectors.alfadocs.client import BASE
from services.connectors.alfadocs.oauth import AUTHORIZE_URL, TOKEN_URL
from services.connectors.asking.answers import RunFailed
from services.connectors.opendental.client import REMOTE
from services.connectors.opendental.rows import Keep
from services.connectors.rules import pacing
from services.connectors.sealing import CannotOpen, Place, Sealer

CUSTOMER_KEY = "customer_key"
OPENDENTAL_MINUTES, OPENDENTAL_LEAST_MINUTES = 15, 5
ALFADOCS_MINUTES, ALFADOCS_LEAST_MINUTES = 60, 15


class Options(BaseModel):
    """What both systems have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval_minutes: int
    patients: Literal["named", "all"] = "named"
    upload_letters: bool = False

    @property
    def interval(self) -> timedelta:
        """From the end of a run that succeeded to the next one."""
        return timedelta(minutes=self.interval_minutes)


class OpenDentalOptions(Options):
    """Of an Open Dental. `bases`: of several, the first that answers serves a run.

    `throttle`: remote mode's, by the key's permissions; none for a server in the same house.
    `time_zone` is the server's: its stamps are local times. `referrals_since`: no draft is made of
    an older outgoing referral; unless it is given, the day that it is at the server.
    """

    bases: tuple[str, ...] = (REMOTE,)
    throttle: Literal["read_all", "remote", "none"] = "remote"
    time_zone: str
    country: Country = DEFAULT_COUNTRY
    interval_minutes: Annotated[int, Field(ge=OPENDENTAL_LEAST_MINUTES)] = OPENDENTAL_MINUTES
    referrals_since: date = Field(default_factory=lambda: datetime.now(UTC).date())
    write_back: bool = False
    keep: Keep = Keep.NOTHING

    @model_validator(mode="before")
    @classmethod
    def _from_its_today_on(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "referrals_since" in given:
            return given
        try:
            zone = ZoneInfo(parse_time_zone(given.get("time_zone", "")))
        except (PydanticCustomError, TypeError):
            return given  # It is refused for its zone.
        return {**given, "referrals_since": datetime.now(zone).date()}

    @model_validator(mode="after")
    def _a_zone_that_exists(self) -> Self:
        parse_time_zone(self.time_zone)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The server's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def spacing(self) -> pacing.Spacing:
        """Between two requests."""
        return {
            "read_all": pacing.OPENDENTAL_READ_ALL,
            "remote": pacing.OPENDENTAL_REMOTE,
            "none": pacing.UNTHROTTLED,
        }[self.throttle]


class AlfaDocsOptions(Options):
    """Of an AlfaDocs archive. With `oauth` tokens are used, without it the API key."""

    base: str = BASE
    practice: Annotated[int, Field(ge=1)]
    archive: Annotated[int, Field(ge=1)]
    interval_minutes: Annotated[int, Field(ge=ALFADOCS_LEAST_MINUTES)] = ALFADOCS_MINUTES
    oauth: bool = False
    redirect_uri: str = ""
    scope: str = "patients:read operators:read appointments:read"
    authorize_url: str = AUTHORIZE_URL
    token_url: str = TOKEN_URL
    apply_hints: bool = False


class ServerOptions(BaseModel):
    """Of our own Open Dental interface. Stamps are local times of `time_zone`; `keep`: whether a
    referral's number of SSN or TIN is kept, sealed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: str = "UTC"
    country: Country = DEFAULT_COUNTRY
    keep: Keep = Keep.NOTHING

    @model_validator(mode="after")
    def _a_zone_that_exists(self) -> Self:
        parse_time_zone(self.time_zone)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """Whose local times its stamps are."""
        return ZoneInfo(self.time_zone)


READ_OPTIONS: Mapping[System, type[Options]] = {
    System.OPENDENTAL: OpenDentalOptions,
    System.ALFADOCS: AlfaDocsOptions,
}
OPTIONS: Mapping[System, type[BaseModel]] = {
    **READ_OPTIONS,
    System.OPENDENTAL_SERVER: ServerOptions,
}
SECRETS: Mapping[System, tuple[str, ...]] = {
    System.OPENDENTAL: ("developer_key", "customer_key"),
    System.ALFADOCS: ("api_key", "client_id", "client_secret"),
    System.OPENDENTAL_SERVER: (),
}
"""The fields that a connection's secrets may have."""


def reference_or_sealed(value: str, sealer: Sealer, place: Place) -> dict[str, str]:
    """What is stored of a secret that was given: `env:` and `file:` as they are, else sealed."""
    if value.startswith(("env:", "file:")):
        return {"reference": value}
    return {"sealed": b64encode(sealer.seal(value, place)).decode()}


def new_customer_key() -> tuple[str, dict[str, Any]]:
    """A key of our own interface, shown once, and what is stored of it."""
    key = secrets.token_urlsafe(24)
    return key, {CUSTOMER_KEY: {"sha256": hash_of_key(key)}}


def hash_of_key(key: str) -> str:
    """The SHA-256 of a key of our own interface, in hex: it is random, so nothing slower is
    needed."""
    return sha256(key.encode()).hexdigest()


def secret_of(
    stored: Mapping[str, Any], field: str, sealer: Sealer, org_id: str, connection_id: UUID
) -> str:
    """A secret as it is used. Raises RunFailed `secret_unavailable`; no text names its value."""
    held = stored.get(field, {})
    reference = held.get("reference", "")
    try:
        if reference.startswith("env:"):
            value = os.environ.get(reference.removeprefix("env:"), "")
        elif reference.startswith("file:"):
            value = Path(reference.removeprefix("file:")).read_text().strip()
        else:
            sealed = b64decode(held.get("sealed", ""))
            value = str(sealer.open(sealed, Place(org_id, connection_id, field)))
    except (OSError, UnicodeDecodeError, CannotOpen):
        raise RunFailed(Code.SECRET_UNAVAILABLE) from None
    if not value:
        raise RunFailed(Code.SECRET_UNAVAILABLE)
    return value
