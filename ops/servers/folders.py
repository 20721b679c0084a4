"""The folders of private servers: one a run, gone when the run is over."""

import fcntl
import os
import pwd
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.servers.processes import Account, run_as


def unprivileged_account() -> Account | None:
    """The user that servers run as where this process is root; None where it is not.

    PostgreSQL refuses to run as root, and neither server needs to.
    """
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def may_use(account: Account | None, path: Path, right: str) -> bool:
    """Whether `account` has `right` (`r`, `w` or `x`, as test(1) names them) on `path`."""
    trial = run_as(
        account,
        ["/bin/sh", "-c", f'test -{right} "$0"', str(path)],
        environment={},
        folder=Path("/"),
    )
    return trial.returncode == 0


def give_to(account: Account | None, path: Path) -> None:
    """Make `account` the owner of one file or folder (nothing to do for our own user)."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def write_private(account: Account | None, path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file that only its owner can read; it may hold a password."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    give_to(account, path)


def private_folder(account: Account | None, path: Path) -> Path:
    """Create a folder that only `account` can enter."""
    path.mkdir(mode=0o700)
    give_to(account, path)
    return path


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold an advisory lock on the file `lock`, waiting for other runs that hold it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def run_folder(root: Path, account: Account | None) -> Iterator[Path]:
    """A folder for this run's servers, owned by `account`; what dead runs left goes first.

    It is below `root`, or below the system's temporary folder where `account` may not reach
    `root`. `root/runs/<name>.lock` is locked for as long as this process lives (the kernel lets
    go of it even after kill -9) and holds the folder's path, so that the next run knows the dead.
    """
    runs = root.resolve() / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    name = secrets.token_hex(6)
    lock = runs / f"{name}.lock"
    with exclusive(runs / "sweep"):
        _remove_leftovers(runs)
        owner = lock.open("x")
        fcntl.flock(owner, fcntl.LOCK_EX)
        folder = _new_folder(runs, name, account)
        owner.write(str(folder))
        owner.flush()
    try:
        yield folder
    finally:
        # A server's last child may still write while we delete: what is left then is the next
        # run's to remove, because its lock file stays.
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            lock.unlink(missing_ok=True)
        owner.close()


def _new_folder(runs: Path, name: str, account: Account | None) -> Path:
    folder = private_folder(account, runs / name)
    if may_use(account, folder, "x"):
        return folder
    folder.rmdir()
    elsewhere = Path(tempfile.mkdtemp(prefix="handoff-"))
    give_to(account, elsewhere)
    return elsewhere


def _remove_leftovers(runs: Path) -> None:
    for lock in runs.glob("*.lock"):
        try:
            file = lock.open("r")
        except FileNotFoundError:
            continue  # another run has removed it meanwhile
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its run is alive
            recorded = file.read()
            # Without a recorded path the owner died right after it had made the folder.
            folder = Path(recorded) if recorded else lock.with_suffix("")
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                lock.unlink(missing_ok=True)
