"""The Dockerfile: as its linter wants it, and true of what the image is made of."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from ops.environment import CHECKOUT
from services.connectors.settings import ConnectorsSettings
from services.edge.settings import EdgeSettings
from services.ereferral_dispatch.settings import DispatchSettings
from services.referrals.settings import ReferralsSettings

TEXT = (CHECKOUT / "Dockerfile").read_text("utf-8")
BUILD = TEXT.rpartition("\nFROM ")[0]
HADOLINT = Path(sys.executable).with_name("hadolint")


def found(text: str) -> list[str]:
    """The rules of hadolint that a Dockerfile breaks, its notes too."""
    judged = subprocess.run(
        [HADOLINT, "--format", "json", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert judged.stdout, judged.stderr
    return [one["code"] for one in json.loads(judged.stdout)]


def test_its_linter_finds_nothing() -> None:
    """Neither in its instructions nor, by ShellCheck, in what they run."""
    assert found(TEXT) == []


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("FROM python:3.13-slim AS build", "FROM python AS build", "DL3006"),
        ("uv==", "uv>", "DL3013"),
        ("WORKDIR /home/handoff", "WORKDIR home", "DL3000"),
        ('ENTRYPOINT ["handoff"]', "ENTRYPOINT handoff", "DL3025"),
    ],
)
def test_what_is_wrong_is_found(right: str, wrong: str, rule: str) -> None:
    """Else nothing above could fail."""
    assert right in TEXT
    assert rule in found(TEXT.replace(right, wrong))


def test_what_the_package_is_made_of_is_copied() -> None:
    """Each package and file that pyproject.toml names is let through to the build and taken there;
    what is let through and not copied would be sent for nothing."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", BUILD, re.MULTILINE)
        for source in line.split()
    }
    ignored = (CHECKOUT / ".dockerignore").read_text("utf-8")
    assert copied == set(re.findall(r"^!(\S+)$", ignored, re.MULTILINE))
    assert copied == {*packages, "pyproject.toml", "uv.lock", "README.md", "LICENSE"}
    assert all((CHECKOUT / source).exists() for source in copied)


def test_it_is_built_by_the_uv_of_the_lock_file() -> None:
    """Another one may read the lock file otherwise, or not at all."""
    assert f"uv=={version('uv')}\n" in BUILD


def test_the_ports_are_those_of_the_settings() -> None:
    """What the services listen on where nothing is set."""
    fields = [
        *(each.model_fields["http_port"] for each in (ReferralsSettings, DispatchSettings)),
        ConnectorsSettings.model_fields["http_port"],
        *(EdgeSettings.model_fields[name] for name in ("http_port", "ops_port")),
    ]
    (exposed,) = re.findall(r"^EXPOSE (.+)$", TEXT, re.MULTILINE)
    assert [int(port) for port in exposed.split()] == sorted(field.default for field in fields)
