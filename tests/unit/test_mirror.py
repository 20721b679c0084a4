"""A unit test is found by the module that it is about."""

from pathlib import Path

import pytest

from ops.environment import CHECKOUT

UNIT = CHECKOUT / "tests" / "unit"
TESTS = sorted(path.relative_to(UNIT) for path in UNIT.rglob("test_*.py"))


def is_module(folder: Path, name: str) -> bool:
    """Whether the product, or what tests are made of, has such a module or package there."""
    places = [root / folder / name for root in (CHECKOUT, CHECKOUT / "tests")]
    return any(one.with_suffix(".py").is_file() or one.is_dir() for one in places)


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_a_test_stands_where_its_module_is(test: Path) -> None:
    """`a/b/test_c.py` and `a/b/test_c_of_some_kind.py` are about `a/b/c.py`.

    What stands in `tests/unit` itself is about the repository as a whole.
    """
    if test.parent == Path():
        return
    words = test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    assert any(is_module(test.parent, name) for name in names), f"no module for {test}"


@pytest.mark.parametrize(
    ("folder", "name", "is_one"),
    [
        ("contracts", "values", True),
        ("services/ereferral_dispatch", "fhir", True),
        ("faults/judging", "laws", True),
        ("contracts", "value", False),
        ("services", "values", False),
    ],
)
def test_a_module_is_told_from_none(folder: str, name: str, is_one: bool) -> None:
    """Else nothing above could fail."""
    assert is_module(Path(folder), name) is is_one
