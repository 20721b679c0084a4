"""The options of a connection, and which secrets it works with."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from yarl import URL

from contracts.connecting import System
from contracts.referral_partner import DEFAULT_COUNTRY
from contracts.values import Country, parse_time_zone
from services.connectors import addresses
from services.connectors.credentials import CUSTOMER_KEY
from services.connectors.opendental.rows import Keep
from services.connectors.rules import pacing

MOST_MINUTES = 30 * 24 * 60
OPENDENTAL_MINUTES, OPENDENTAL_LEAST_MINUTES = 15, 5
ALFADOCS_MINUTES, ALFADOCS_LEAST_MINUTES = 60, 15


_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _web_address(value: str) -> str:
    """An address that is asked: no user, query or fragment, which would not be sent."""
    try:
        url = URL(value)
    except ValueError:
        url = URL()
    fits = url.scheme in ("https", "http") and url.host and not url.query_string
    if not fits or url.user is not None or url.password is not None or url.fragment:
        raise PydanticCustomError(
            "web_address",
            "Must be an address like https://api.example/v1, without a user, query or fragment",
        )
    return value


def _redirect_address(value: str) -> str:
    """An address that a code may be sent to (RFC 6749, section 3.1.2.1; RFC 8252, section 7.3)."""
    if not value:
        return value  # There is none, as of a connection with a key.
    url = URL(_web_address(value))
    if url.scheme != "https" and url.host not in _LOOPBACK:
        raise PydanticCustomError("redirect_address", "Must be https, or lead to this machine")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
RequiredTimeZone = Annotated[str, AfterValidator(parse_time_zone)]


class Options(BaseModel, ABC):
    """What every connection has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """The fields of the secrets that it works with: all of them, and no other."""

    @property
    def asked(self) -> tuple[str, ...]:
        """The addresses that are asked."""
        return ()


class ReadOptions(Options):
    """Of a system that is read."""

    interval_minutes: int
    patients: Literal["named", "all"] = "named"
    upload_letters: bool = False

    @property
    def interval(self) -> timedelta:
        """From the end of a run that succeeded to the next one."""
        return timedelta(minutes=self.interval_minutes)


class OpenDentalOptions(ReadOptions):
    """Of an Open Dental. `bases`: of several, the first that answers serves a run.

    `throttle`: remote mode's, by the key's permissions; none for a server in the same house.
    `time_zone` is the server's: its stamps are local times. `referrals_since`: no draft is made of
    an older outgoing referral; unless it is given, the day that it is at the server.
    """

    bases: Annotated[tuple[WebAddress, ...], Field(min_length=1)] = (addresses.OPENDENTAL,)
    throttle: Literal["read_all", "remote", "none"] = "remote"
    time_zone: RequiredTimeZone
    country: Country = DEFAULT_COUNTRY
    interval_minutes: Annotated[int, Field(ge=OPENDENTAL_LEAST_MINUTES, le=MOST_MINUTES)] = (
        OPENDENTAL_MINUTES
    )
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

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys of the developer and of the office."""
        return ("developer_key", "customer_key")

    @property
    def asked(self) -> tuple[str, ...]:
        """The addresses that are asked."""
        return self.bases

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


class AlfaDocsOptions(ReadOptions):
    """Of an AlfaDocs archive. With `oauth` tokens are used, without it the API key; never both."""

    base: WebAddress = addresses.ALFADOCS
    practice: Annotated[int, Field(ge=1)]
    archive: Annotated[int, Field(ge=1)]
    interval_minutes: Annotated[int, Field(ge=ALFADOCS_LEAST_MINUTES, le=MOST_MINUTES)] = (
        ALFADOCS_MINUTES
    )
    oauth: bool = False
    redirect_uri: Annotated[str, AfterValidator(_redirect_address)] = ""
    scope: str = "patients:read operators:read appointments:read"
    authorize_url: WebAddress = addresses.ALFADOCS_AUTHORIZE
    token_url: WebAddress = addresses.ALFADOCS_TOKEN
    apply_hints: bool = False

    @model_validator(mode="after")
    def _back_to_somewhere(self) -> Self:
        if self.oauth and not self.redirect_uri:
            raise PydanticCustomError("redirect_uri", "oauth needs redirect_uri as well")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """The application's, or the key."""
        return ("client_id", "client_secret") if self.oauth else ("api_key",)

    @property
    def asked(self) -> tuple[str, ...]:
        """The addresses that are asked."""
        return (self.base, self.token_url) if self.oauth else (self.base,)


class ServerOptions(Options):
    """Of our own Open Dental interface. Stamps are local times of `time_zone`; `keep`: whether a
    referral's number of SSN or TIN is kept, sealed."""

    time_zone: RequiredTimeZone = "UTC"
    country: Country = DEFAULT_COUNTRY
    keep: Keep = Keep.NOTHING

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key that we make."""
        return (CUSTOMER_KEY,)

    @property
    def zone(self) -> ZoneInfo:
        """Whose local times its stamps are."""
        return ZoneInfo(self.time_zone)


READ_OPTIONS: Mapping[System, type[ReadOptions]] = {
    System.OPENDENTAL: OpenDentalOptions,
    System.ALFADOCS: AlfaDocsOptions,
}
OPTIONS: Mapping[System, type[Options]] = {
    **READ_OPTIONS,
    System.OPENDENTAL_SERVER: ServerOptions,
}
