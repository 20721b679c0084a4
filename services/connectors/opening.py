"""Opening a connection: its options and secrets, a client in its budget, its plans."""

from datetime import datetime

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import ConnectionFailureCode as Code
from contracts.connecting import ImportKind, System
from services.connectors.alfadocs.client import AlfaDocs, ApiKey, Authorization
from services.connectors.alfadocs.oauth import OAuthApp
from services.connectors.alfadocs.tokens import StoredTokens
from services.connectors.asking.answers import RunFailed
from services.connectors.asking.asker import Asker, Budget, credential_hash
from services.connectors.asking.http import Http
from services.connectors.config import AlfaDocsOptions, OpenDentalOptions
from services.connectors.credentials import secret_of
from services.connectors.models import Connection
from services.connectors.opendental.client import OpenDental
from services.connectors.planning import alfadocs, opendental
from services.connectors.planning.steps import Around, Kept, Known, Row, Step
from services.connectors.rules.pacing import ALFADOCS, RETRY_WAITS_SECONDS, Spacing
from services.connectors.rules.reading import Mapped
from services.connectors.runs.commands import Calls
from services.connectors.runs.context import RunContext
from services.connectors.runs.hinting import take_hints
from services.connectors.runs.run import Opened
from services.connectors.sealing import Sealer
from services.connectors.systems import AlfaDocsSystem, OpenDentalSystem


class Opener:
    """Opens connections over one HTTP session. `engine` works as the system role."""

    def __init__(
        self,
        engine: AsyncEngine,
        http: Http,
        budget: Budget,
        sealer: Sealer,
        waits_seconds: tuple[float, ...] = RETRY_WAITS_SECONDS,
    ) -> None:
        self._engine, self._http, self._budget = engine, http, budget
        self._sealer, self._waits = sealer, waits_seconds

    def open(self, row: Connection) -> Opened:
        """The connection as a run works with it. Raises RunFailed `secret_unavailable`."""
        try:
            if row.system is System.OPENDENTAL:
                options = OpenDentalOptions(**row.config)
                return self._opendental(row, options)
            return self._alfadocs(row, AlfaDocsOptions(**row.config))
        except ValidationError:
            raise RunFailed(Code.SECRET_UNAVAILABLE) from None

    def opendental_client(self, row: Connection, options: OpenDentalOptions) -> OpenDental:
        """The client of an Open Dental. Raises RunFailed."""
        developer, customer = (self._secret(row, f) for f in ("developer_key", "customer_key"))
        asker = self._asker(options.spacing, developer, customer)
        return OpenDental(asker, options.bases, developer, customer)

    def alfadocs_client(self, row: Connection, options: AlfaDocsOptions) -> AlfaDocs:
        """The client of an AlfaDocs. Raises RunFailed."""
        authorization: Authorization
        if options.oauth:
            app = self.oauth_app(row, options)
            asker = self._asker(ALFADOCS, app.client_id, str(row.id))
            authorization = StoredTokens(self._engine, self._sealer, asker, app, row.org_id, row.id)
        else:
            key = self._secret(row, "api_key")
            asker = self._asker(ALFADOCS, key)
            authorization = ApiKey(key)
        return AlfaDocs(asker, authorization, options.base, options.practice, options.archive)

    def oauth_app(self, row: Connection, options: AlfaDocsOptions) -> OAuthApp:
        """The application that AlfaDocs knows us as. Raises RunFailed."""
        return OAuthApp(
            self._secret(row, "client_id"),
            self._secret(row, "client_secret"),
            options.redirect_uri,
            options.scope,
            options.authorize_url,
            options.token_url,
        )

    def asker_for_tokens(self, row: Connection, app: OAuthApp) -> Asker:
        """Asks the token endpoint."""
        return self._asker(ALFADOCS, app.client_id, str(row.id))

    def _opendental(self, row: Connection, options: OpenDentalOptions) -> Opened:
        client = self.opendental_client(row, options)

        def plan(staged: Row, known: Known | None, around: Around) -> Step:
            return opendental.plan(staged, known, around, options)

        def mapped(kind: ImportKind, kept: Kept, stamp: str | None, now: datetime) -> Mapped:
            return opendental.mapped(kind, kept, stamp, now, options)

        return Opened(OpenDentalSystem(client, options), plan, mapped, options)

    def _alfadocs(self, row: Connection, options: AlfaDocsOptions) -> Opened:
        client = self.alfadocs_client(row, options)

        async def hints(context: RunContext, calls: Calls) -> None:
            await take_hints(context, client, calls, apply_hints=options.apply_hints)

        system = AlfaDocsSystem(client, options)
        return Opened(system, alfadocs.plan, alfadocs.mapped, options, hints)

    def _asker(self, spacing: Spacing, *secrets: str) -> Asker:
        return Asker(
            self._http,
            self._budget,
            credential_hash(*secrets),
            spacing,
            waits_seconds=self._waits,
        )

    def _secret(self, row: Connection, field: str) -> str:
        return secret_of(row.secrets, field, self._sealer, row.org_id, row.id)
