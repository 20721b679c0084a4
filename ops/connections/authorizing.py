"""`handoff connection authorize`: a person allows the access to an archive of AlfaDocs."""

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import ConnectionFailureCode as Code
from contracts.connecting import System
from messaging.running.settings import load_settings
from ops.connections.finding import opened
from ops.connections.trial import advice
from ops.environment import CannotGoOn, WrongArgument
from ops.system_role import Database
from services.connectors.alfadocs import oauth
from services.connectors.alfadocs.tokens import sealed_tokens
from services.connectors.asking.answers import RunFailed
from services.connectors.config import AlfaDocsOptions
from services.connectors.models import Connection, Token
from services.connectors.opening import Opener
from services.connectors.settings import ConnectorsSettings, sealer_of

PROMPT = "The address that it leads to: "


def typed_address() -> str:
    """The address that a person was led to; a line without one is passed over.

    Raises WrongArgument at the end of what is typed.
    """
    try:
        while not (address := input(PROMPT).strip()):
            print("Give the whole address, from https:// on; Ctrl-D gives up.")
    except EOFError:
        print()
        raise WrongArgument(
            "No address was given: run this again, open the page, and give the whole address that "
            "it leads to"
        ) from None
    return address


async def authorization_begun(database: Database, org_id: str, name: str) -> oauth.Begun:
    """Where a person allows the access. Raises CannotGoOn."""
    async with opened(database, org_id, name) as (row, opener, _):
        return oauth.begin(_app(row, opener))


async def authorized(
    database: Database, org_id: str, name: str, begun: oauth.Begun, redirected_to: str
) -> None:
    """Take the code and keep the tokens; the next run begins at once. Raises CannotGoOn."""
    async with opened(database, org_id, name) as (row, opener, engine):
        app = _app(row, opener)
        try:
            code = oauth.code_in(redirected_to, begun.state)
            asker = opener.asker_for_tokens(row, app)
            tokens = await oauth.exchange(asker, app, code, begun.verifier)
        except ValueError as wrong:
            raise CannotGoOn(str(wrong)) from None
        except RunFailed as why:
            said = advice(why, row)
            if why.code is Code.NEEDS_REAUTHORIZATION:
                said = (
                    "AlfaDocs refused the code: it is used up or old, or client_id, client_secret "
                    "or redirect_uri are not those of the application; then begin again"
                )
            raise CannotGoOn(f"{name}: {why.code}: {said}") from None
        sealer = sealer_of(load_settings(ConnectorsSettings))
        sealed = sealed_tokens(sealer, org_id, row.id, tokens)
        async with AsyncSession(engine) as session, session.begin():
            await session.execute(
                delete(Token).where(Token.org_id == org_id, Token.connection_id == row.id)
            )
            session.add(Token(org_id=org_id, connection_id=row.id, **sealed))
            held = await session.get(Connection, (org_id, row.id), with_for_update=True)
            assert held is not None
            held.next_run_at = await session.scalar(select(func.now()))


def _app(row: Connection, opener: Opener) -> oauth.OAuthApp:
    if row.system is not System.ALFADOCS:
        raise CannotGoOn("Only a connection to AlfaDocs is authorized; Open Dental has keys")
    options = AlfaDocsOptions(**row.config)
    if not options.oauth:
        raise CannotGoOn(
            f"{row.name} uses its API key: handoff connection add alfadocs --set oauth=true … "
            "has it use OAuth2"
        )
    try:
        return opener.oauth_app(row, options)
    except RunFailed as why:
        raise CannotGoOn(f"{row.name}: {why.code}: {advice(why, row)}") from None
