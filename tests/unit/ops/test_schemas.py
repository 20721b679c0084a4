"""The generated documents: what the code says, and nothing stale."""

from pathlib import Path

from tests.support.services.command_line import handoff


def test_generated_documents_are_what_the_code_says() -> None:
    """Fails where a contract or a setting changed without `make schemas`."""
    checked = handoff("schemas", "--check")
    assert checked.exit_code == 0, checked.output


def test_schemas_writes_what_is_missing_and_removes_what_is_stale(tmp_path: Path) -> None:
    """A second run changes nothing."""
    stale = tmp_path / "schemas" / "patient.forget.request.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    assert handoff("schemas", "--docs", str(tmp_path), "--check").exit_code == 1
    assert stale.exists()
    assert handoff("schemas", "--docs", str(tmp_path)).exit_code == 0
    assert not stale.exists()
    assert (tmp_path / "schemas" / "patient.put.request.json").exists()
    assert (tmp_path / "asyncapi" / "referrals.json").read_text().endswith("}\n")
    assert handoff("schemas", "--docs", str(tmp_path)).stdout == "0 changed.\n"
