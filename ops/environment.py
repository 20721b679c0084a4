"""The services' variables: from the environment, else from a running `handoff up`.

`handoff up` writes them to `.handoff/up.env` (mode 0600) once it runs, and holds a lock on
`.handoff/up.lock` for as long as it lives, so that what a killed one left behind is not taken for a
running one.
"""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import create_model
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from messaging.database import engine as database
from messaging.running.settings import SettingError, load_settings, with_authorities
from messaging.wire import connection as amqp
from ops.catalogue import ServiceName, settings_of

CHECKOUT = Path(__file__).resolve().parents[1]


class CannotGoOn(Exception):
    """A command has to end here. Its text is one line for a person: what is wrong, what to do."""


class WrongArgument(CannotGoOn):
    """What a person typed is the reason: another try needs other words, not another moment."""


def octets(text: str, what: str) -> bytes:
    """What a person typed, in UTF-8. Raises WrongArgument where it is something else."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise WrongArgument(f"{what} is no UTF-8") from None


def handoff_folder() -> Path:
    """`.handoff` of this checkout; of the current folder where the program is installed."""
    checkout = CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()
    return checkout / ".handoff"


def up_file() -> Path:
    """Where a running `handoff up` says how it is reached."""
    return handoff_folder() / "up.env"


def _lock_file() -> Path:
    return up_file().with_suffix(".lock")


@contextmanager
def the_only_up() -> Iterator[Callable[[Mapping[str, str]], None]]:
    """Be this checkout's `handoff up` until the block is left; call what is yielded once it runs.

    That writes its variables, all of them or nothing. Raises CannotGoOn where another one runs.
    """
    path = up_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock_file().open("a") as lock:
        if not _locked(lock.fileno(), fcntl.LOCK_EX):
            raise CannotGoOn("handoff up runs for this checkout already; stop it with Ctrl-C there")
        path.unlink(missing_ok=True)  # A killed one's.

        def announce(variables: Mapping[str, str]) -> None:
            unfinished = path.with_suffix(".new")
            unfinished.touch(0o600)
            unfinished.chmod(0o600)
            lines = (f"{name}={value}\n" for name, value in sorted(variables.items()))
            unfinished.write_text("".join(lines))
            unfinished.replace(path)

        try:
            yield announce
        finally:
            path.unlink(missing_ok=True)


def variables_of_running_up() -> dict[str, str]:
    """The variables of this checkout's running `handoff up`; none where there is none, or not yet.

    Its lock tells: whoever was killed holds none.
    """
    try:
        with _lock_file().open() as lock:
            if _locked(lock.fileno(), fcntl.LOCK_SH):
                return {}
        written = up_file().read_text()
    except OSError:
        return {}
    lines = [line.partition("=") for line in written.split("\n")]
    return {name: value for name, equals, value in lines if equals}


def adopt_running_up() -> bool:
    """Fill in what the environment leaves unset from a running `handoff up`; whether one runs."""
    found = variables_of_running_up()
    for name, value in found.items():
        if not os.environ.get(name):
            os.environ[name] = value
    return bool(found)


def this_command() -> str:
    """How to call `handoff` from the current folder."""
    script = Path(sys.executable).parent / "handoff"
    if shutil.which("handoff") == str(script):
        return "handoff"
    return os.path.relpath(script)


def one_setting(name: ServiceName, field: str) -> str:
    """One setting of a service, checked as the service would, whatever the others are.

    Raises SettingError, one line that names the variable.
    """
    value = getattr(_settings(name, field), field)
    return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)


def one_path(name: ServiceName, field: str) -> Path | None:
    """A setting that is a file's path, where it is set. Raises SettingError."""
    path: Path | None = getattr(_settings(name, field), field)
    return path


def database_url(name: ServiceName) -> str:
    """The database of a service, with the CA file that it is verified with. Raises SettingError."""
    url = one_setting(name, "database_url")
    return with_authorities(url, database.CA_FILE, one_path(name, "database_ca_file"))


def check_database_url(name: ServiceName, url: str) -> None:
    """Refuse a URL that no driver could read. Raises SettingError; its text quotes no value."""
    variable = f"{name.prefix}DATABASE_URL"
    try:
        unknown = database.unknown_parameters(url)
    except (ArgumentError, ValueError):
        raise SettingError(f"{variable}: is not a URL that can be read") from None
    if unknown:
        known = "ssl, sslrootcert, host and port"
        raise SettingError(f"{variable}: has the parameter {unknown[0]!r}; it takes {known}")


def rabbitmq_url(name: ServiceName) -> str:
    """The broker of a service, with the CA file that it is verified with.

    Raises SettingError, which says how to get one.
    """
    try:
        url = one_setting(name, "rabbitmq_url")
    except SettingError as wrong:
        if os.environ.get(f"{name.prefix}RABBITMQ_URL"):
            raise
        raise SettingError(
            f"{wrong} Or run handoff up in this checkout: its services are then used."
        ) from None
    return with_authorities(url, amqp.CA_FILE, one_path(name, "rabbitmq_ca_file"))


def _settings(name: ServiceName, field: str) -> BaseSettings:
    settings = settings_of(name)
    info = settings.model_fields[field]
    # The annotation once more, for a type that has no metadata.
    fields: dict[str, Any] = {
        field: (Annotated[info.annotation, info.annotation, *info.metadata], info)
    }
    only = cast(
        type[BaseSettings], create_model(settings.__name__, __base__=_prefixed(name), **fields)
    )
    return load_settings(only)


def _prefixed(name: ServiceName) -> type[BaseSettings]:
    class Prefixed(BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix=name.prefix, hide_input_in_errors=True, frozen=True
        )

    return Prefixed


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
