"""The types for TypeScript are those of the schemas, and the compiler takes them."""

import json
import subprocess
from pathlib import Path

import pytest

from contracts.catalogue import EVENTS, OPERATIONS
from tests.support import node, typescript

_STRICT = ["--noEmit", "--strict", "--skipLibCheck", "false", "--module", "nodenext"]


def compiled(folder: Path, program: str) -> list[str]:
    """The faults that the compiler finds in a program which uses the package."""
    packages = folder / "node_modules"
    packages.mkdir()
    (packages / "handoff-types").symlink_to(typescript.TYPES.parent)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "program.ts").write_text(program)
    compiler = node.modules() / "typescript" / "bin" / "tsc"
    ended = subprocess.run(
        [node.NODE, str(compiler), *_STRICT, "--types", "", "program.ts"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ended.stdout.splitlines()


def test_the_types_are_those_of_the_schemas() -> None:
    """`make schemas` writes them anew."""
    assert typescript.TYPES.read_text("utf-8") == typescript.generated()


def test_each_operation_and_event_has_its_types() -> None:
    """By its routing key."""
    lines = typescript.TYPES.read_text("utf-8").splitlines()
    for name in (*OPERATIONS, *EVENTS):
        assert [line for line in lines if line.startswith(f'  "{name}":')], name


def test_a_program_compiles_and_its_faults_are_found(tmp_path: Path) -> None:
    """Under `strict`; each `@ts-expect-error` is one that the types have to find."""
    program = (node.FOLDER / "uses_types.ts").read_text("utf-8")
    assert program.count("@ts-expect-error") == 4
    assert compiled(tmp_path, program) == []


@pytest.mark.parametrize("fault", ["export const x: Contact = { id: 1 }", "export const y = none"])
def test_the_compiler_is_asked(tmp_path: Path, fault: str) -> None:
    """Else nothing above could fail."""
    told = compiled(tmp_path, f"import type {{ Contact }} from 'handoff-types'\n{fault}\n")
    assert told and "error TS" in told[0]


def test_the_package_has_the_version_of_the_product() -> None:
    """It is published with it."""
    package = json.loads((typescript.TYPES.parent / "package.json").read_text())
    product = (typescript.TYPES.parents[1] / "pyproject.toml").read_text()
    assert f'version = "{package["version"]}"' in product
