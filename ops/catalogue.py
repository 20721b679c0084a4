"""The services as a person who runs them sees them: names, variables, where their parts are.

What a command does not need is not imported: a service takes seconds to load.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.operations import Service

if TYPE_CHECKING:
    from messaging.database.engine import Home
    from messaging.running.service import Service as RunningService
    from messaging.running.settings import ServiceSettings
    from messaging.wire.topology import ConsumedQueue, Topology


class ServiceName(StrEnum):
    """The name of a service with a database, on the command line."""

    REFERRALS = "referrals"
    EREFERRAL_DISPATCH = "ereferral-dispatch"
    CONNECTORS = "connectors"

    @property
    def service(self) -> Service:
        """Its name on the wire."""
        return Service(self.value.replace("-", "_"))

    @property
    def prefix(self) -> str:
        """What the names of its variables start with."""
        return _PREFIXES[self]


_PREFIXES = {
    ServiceName.REFERRALS: "REFERRALS_",
    ServiceName.EREFERRAL_DISPATCH: "DISPATCH_",
    ServiceName.CONNECTORS: "CONNECTORS_",
}


def services_here() -> list[ServiceName]:
    """The services that are run here: connectors where its database is named, the others always."""
    optional = {ServiceName.CONNECTORS}
    return [
        name
        for name in ServiceName
        if name not in optional or os.environ.get(f"{name.prefix}DATABASE_URL")
    ]


class Served(StrEnum):
    """What `handoff serve` runs: the services, and the edge, which has no database."""

    REFERRALS = ServiceName.REFERRALS.value
    EREFERRAL_DISPATCH = ServiceName.EREFERRAL_DISPATCH.value
    CONNECTORS = ServiceName.CONNECTORS.value
    EDGE = "edge"

    @property
    def with_database(self) -> ServiceName | None:
        """The service, where it is one with a database."""
        return None if self is Served.EDGE else ServiceName(self.value)

    @property
    def prefix(self) -> str:
        """What the names of its variables start with."""
        service = self.with_database
        return "EDGE_" if service is None else service.prefix

    @property
    def pages_host(self) -> str:
        """The variable of where health and metrics are served."""
        return f"{self.prefix}{'OPS' if self is Served.EDGE else 'HTTP'}_HOST"

    @property
    def pages_port(self) -> str:
        """The variable of the port of health and metrics."""
        return f"{self.prefix}{'OPS' if self is Served.EDGE else 'HTTP'}_PORT"


def served_here() -> list[Served]:
    """What is run here, the edge too."""
    return [one for one in Served if one.with_database in (None, *services_here())]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service lives: its schema and roles, its migrations, its exchanges and queues.

    `consumes` are the queues that it takes messages from; its topology may declare more.
    """

    home: "Home"
    migrations: Path
    topology: "Topology"
    consumes: "tuple[ConsumedQueue, ...]"


def settings_of(name: ServiceName) -> "type[ServiceSettings]":
    """The class of the service's settings."""
    if name is ServiceName.REFERRALS:
        from services.referrals.settings import ReferralsSettings

        return ReferralsSettings
    if name is ServiceName.CONNECTORS:
        from services.connectors.settings import ConnectorsSettings

        return ConnectorsSettings
    from services.ereferral_dispatch.settings import DispatchSettings

    return DispatchSettings


def place_of(name: ServiceName) -> Place:
    """Where the service lives."""
    if name is ServiceName.REFERRALS:
        from services.referrals import home as referrals

        return Place(
            referrals.HOME,
            referrals.MIGRATIONS,
            referrals.TOPOLOGY,
            (referrals.COMMANDS, referrals.QUERIES, referrals.EREFERRAL_EVENTS),
        )
    if name is ServiceName.CONNECTORS:
        from services.connectors import home as connectors

        return Place(
            connectors.HOME,
            connectors.MIGRATIONS,
            connectors.TOPOLOGY,
            (connectors.COMMANDS, connectors.QUERIES, connectors.REFERRAL_EVENTS),
        )
    from services.ereferral_dispatch import home as dispatch

    return Place(
        dispatch.HOME,
        dispatch.MIGRATIONS,
        dispatch.TOPOLOGY,
        (dispatch.COMMANDS, dispatch.QUERIES),
    )


def prepare(name: ServiceName) -> "tuple[ServiceSettings, Callable[[], RunningService]]":
    """The service's settings, and what builds a replica with them. Raises SettingError."""
    from messaging.running.settings import load_settings

    if name is ServiceName.REFERRALS:
        from services.referrals.settings import ReferralsSettings

        of_referrals = load_settings(ReferralsSettings)

        def build_referrals() -> "RunningService":
            from services.referrals.app import build

            return build(of_referrals)

        return of_referrals, build_referrals
    if name is ServiceName.CONNECTORS:
        from services.connectors.settings import ConnectorsSettings

        of_connectors = load_settings(ConnectorsSettings)

        def build_connectors() -> "RunningService":
            from services.connectors.app import build

            return build(of_connectors)

        return of_connectors, build_connectors
    from services.ereferral_dispatch.settings import DispatchSettings

    of_dispatch = load_settings(DispatchSettings)

    def build_dispatch() -> "RunningService":
        from services.ereferral_dispatch.app import build

        return build(of_dispatch)

    return of_dispatch, build_dispatch
