"""A run's folder: its own, private, and swept by the next run when its owner is dead."""

import stat
from pathlib import Path

from ops.servers.folders import run_folder


def test_two_runs_have_two_folders(tmp_path: Path) -> None:
    """Runs at one time in one clone share nothing, and none sweeps the other's folder."""
    with run_folder(tmp_path, None) as first, run_folder(tmp_path, None) as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()


def test_nobody_else_may_look_in(tmp_path: Path) -> None:
    """It will hold passwords."""
    with run_folder(tmp_path, None) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_stays(tmp_path: Path) -> None:
    """After the run its folder and its lock are gone."""
    with run_folder(tmp_path, None) as folder:
        (folder / "data").write_text("a cluster")
    assert not folder.exists()
    assert list((tmp_path / "runs").glob("*.lock")) == []


def test_a_dead_runs_folder_is_removed(tmp_path: Path) -> None:
    """Also one that was kept elsewhere: its lock file, which nobody locks, says where."""
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    runs.mkdir()
    (elsewhere / "postgres").mkdir(parents=True)
    (runs / "dead.lock").write_text(str(elsewhere))
    (runs / "early").mkdir()
    (runs / "early.lock").touch()
    with run_folder(tmp_path, None):
        assert not elsewhere.exists()
        assert not (runs / "early").exists()
        assert len(list(runs.glob("*.lock"))) == 1
