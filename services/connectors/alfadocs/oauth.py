"""OAuth2 with AlfaDocs: the authorization code with PKCE, and refreshing rotated tokens.

Source: AlfaDocs' API page, and alfadocs/ai-harness-instructions for rotation and the lock.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from contracts.connecting import ConnectionFailureCode as Code
from services.connectors.asking.answers import Answered, Outcome, RunFailed, Stopped
from services.connectors.asking.asker import Asker

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_ERROR = re.compile(r"[a-z_]{1,64}", re.ASCII)  # RFC 6749, section 4.1.2.1, and all extensions
REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """The application that AlfaDocs knows us as."""

    client_id: str
    client_secret: str
    redirect_uri: str
    scope: str
    authorize_url: str
    token_url: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What AlfaDocs gave out. A refresh token is good for one refresh."""

    access_token: str
    refresh_token: str
    expires_in_seconds: int


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorization that a person has to go on with at `url`."""

    url: str
    state: str
    verifier: str


def begin(app: OAuthApp) -> Begun:
    """Where a person allows the access; state and PKCE (RFC 7636) are made anew each time."""
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    url = prepare_grant_uri(
        app.authorize_url,
        app.client_id,
        "code",
        redirect_uri=app.redirect_uri,
        scope=app.scope,
        state=state,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return Begun(url, state, verifier)


def code_in(redirected_to: str, state: str) -> str:
    """The code in the URL that the browser was led back to (RFC 6749, section 4.1.2).

    Raises ValueError where there is none, where it is of another attempt, and with the error's code
    where the access was refused.
    """
    try:
        given = dict(parse_qsl(urlsplit(redirected_to.strip()).query))
    except ValueError:
        given = {}
    if compare_digest(given.get("state", "").encode(), state.encode()):
        if error := given.get("error"):
            why = f": {error}" if _ERROR.fullmatch(error) else ""
            raise ValueError(f"the access was refused there{why}")
        if code := given.get("code"):
            return code
    raise ValueError(
        "the address holds no code of this authorization: open the page that this command printed, "
        "and give the whole address that it leads to"
    )


async def exchange(asker: Asker, app: OAuthApp, code: str, verifier: str) -> Tokens:
    """The first tokens. Raises RunFailed."""
    return await _granted(
        asker,
        app,
        "authorization_code",
        code=code,
        redirect_uri=app.redirect_uri,
        code_verifier=verifier,
    )


async def refresh(asker: Asker, app: OAuthApp, refresh_token: str) -> Tokens:
    """New tokens; the old refresh token is dead from now on.

    Raises RunFailed `needs_reauthorization` where AlfaDocs refuses it: trying again is of no use.
    """
    return await _granted(asker, app, "refresh_token", refresh_token=refresh_token)


async def _granted(asker: Asker, app: OAuthApp, grant: str, **fields: str) -> Tokens:
    form = dict(
        parse_qsl(
            prepare_token_request(
                grant,
                client_id=app.client_id,
                client_secret=app.client_secret,
                **fields,
            )
        )
    )

    async def make() -> Outcome:
        return await asker.once("POST", app.token_url, headers=FORM, form=form, first=True)

    try:
        answered = await asker.again(_stopping(make))
    except RunFailed as why:
        if why.code in (Code.UNAUTHORIZED, Code.PERMISSION_MISSING):
            raise RunFailed(Code.NEEDS_REAUTHORIZATION) from None
        raise
    return _tokens(answered.data, fields.get("refresh_token"))


def _stopping(make: Any) -> Any:
    """A 400 of the token endpoint is final: RFC 6749, section 5.2."""

    async def made() -> Outcome:
        outcome: Outcome = await make()
        if isinstance(outcome, Answered) and outcome.status in REFUSED:
            return Stopped(Code.UNAUTHORIZED)
        return outcome

    return made


def _tokens(data: Any, old_refresh_token: str | None) -> Tokens:
    if not isinstance(data, Mapping):
        raise RunFailed(Code.BAD_ANSWER)
    access, lives = data.get("access_token"), data.get("expires_in")
    renewed = data.get("refresh_token")
    renewed = old_refresh_token if renewed is None else renewed
    if not (isinstance(access, str) and access and isinstance(renewed, str) and renewed):
        raise RunFailed(Code.BAD_ANSWER)
    if type(lives) is not int or lives <= 0:
        raise RunFailed(Code.BAD_ANSWER)
    return Tokens(access, renewed, lives)
