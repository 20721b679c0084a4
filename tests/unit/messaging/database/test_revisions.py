"""The newest revision, and the programs that work with a schema, by its own note."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from messaging.database.revisions import head, is_met
from services.connectors.home import MIGRATIONS as OF_CONNECTORS
from services.ereferral_dispatch.home import MIGRATIONS as OF_DISPATCH
from services.referrals.home import MIGRATIONS as OF_REFERRALS

NOTE = "oldest program: 0012"


@pytest.mark.parametrize(
    ("needed", "held", "note", "met"),
    [
        ("0013", "0013", None, True),
        ("0013", "0013", "oldest program: 0013", True),
        ("0013", "0014", NOTE, True),
        ("0012", "0014", NOTE, True),
        ("0011", "0014", NOTE, False),  # it would read what is gone
        ("0013", "0014", None, False),  # migrated by a program that told nothing
        ("0013", "0014", "somebody's own comment", False),
        ("0014", "0013", "oldest program: 0010", False),  # it needs what is not there yet
        ("9999", "10000", "oldest program: 9999", True),
    ],
)
def test_a_newer_schema_says_which_programs_work_with_it(
    needed: str, held: str, note: str | None, met: bool
) -> None:
    """An older schema works with none, whatever it says."""
    assert is_met(needed, held, note) is met


@pytest.mark.parametrize("scripts", [OF_CONNECTORS, OF_DISPATCH, OF_REFERRALS])
def test_the_newest_revision_is_the_one_that_alembic_goes_to(scripts: Path) -> None:
    """Files are numbered as the revisions in them, one after the other."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    assert head(scripts) == ScriptDirectory.from_config(config).get_current_head()


def test_a_folder_without_migrations_is_told(tmp_path: Path) -> None:
    """A service that was shipped without them does not start."""
    with pytest.raises(LookupError, match="holds no migrations"):
        head(tmp_path)
