"""Promises of the repository itself: what it pins, what it names, what its CI runs."""

import re
import subprocess
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
REQUIREMENT_FILES = ["requirements-build.txt", "requirements.txt", "requirements-dev.txt"]
# In parts, so that this file passes its own test.
REGISTRIES = [
    (b"pypi", b"org"),
    (b"pythonhosted", b"org"),
    (b"npmjs", b"org"),
    (b"npmjs", b"com"),
    (b"yarnpkg", b"com"),
    (b"deb.debian", b"org"),
    (b"snapshot.debian", b"org"),
    (b"security.debian", b"org"),
    (b"crates", b"io"),
    (b"anaconda", b"org"),
]


def _committed_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name.decode() for name in listing.split(b"\0") if name]


def _pins(file_name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Each pinned requirement by its normal name, with the options after it."""
    text = (ROOT / file_name).read_text()
    logical = re.sub(r"\s*\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    parsed = (line.partition(" --") for line in logical.splitlines() if line)
    pins = [(Requirement(requirement), (dash + options).split()) for requirement, dash, options in parsed]
    return {canonicalize_name(requirement.name): (requirement, options) for requirement, options in pins}


def _declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(text) for texts in lists for text in texts]


def _version(pinned: Requirement) -> Version:
    (specifier,) = pinned.specifier
    assert specifier.operator == "=="
    return Version(specifier.version)


def test_no_committed_file_names_a_package_registry() -> None:
    pattern = re.compile(b"|".join(re.escape(b".".join(host)) for host in REGISTRIES))
    naming = [path for path in _committed_files() if path.is_file() and pattern.search(path.read_bytes())]
    assert naming == []


def test_ci_calls_make_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == ["set -e", "make test"]


@pytest.mark.parametrize("file_name", REQUIREMENT_FILES)
def test_every_requirement_is_pinned_with_hashes_and_no_other_option(file_name: str) -> None:
    pins = _pins(file_name)
    assert pins
    for requirement, options in pins.values():
        assert _version(requirement) > Version("0")
        assert options, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option) for option in options), requirement


@pytest.mark.parametrize(
    ("file_name", "extras"), [("requirements.txt", ()), ("requirements-dev.txt", ("bench", "lint", "test"))]
)
def test_the_pins_meet_what_the_project_declares(file_name: str, extras: tuple[str, ...]) -> None:
    pins = _pins(file_name)
    for declared in _declared(*extras):
        pinned, _ = pins[canonicalize_name(declared.name)]
        assert _version(pinned) in declared.specifier
        assert str(pinned.marker) == str(declared.marker)


def test_tests_run_on_the_very_pins_of_the_service() -> None:
    tested = _pins("requirements-dev.txt")
    assert {name: str(pin) for name, (pin, _) in _pins("requirements.txt").items()}.items() <= {
        name: str(pin) for name, (pin, _) in tested.items()
    }.items()


def _licence(name: str) -> str:
    said = distribution(name).metadata
    fields = [text for field in ("License-Expression", "License", "Classifier") for text in said.get_all(field, [])]
    return " ".join(text for text in fields if "::" not in text or text.startswith("License ::"))


def test_no_package_of_the_service_is_under_the_gpl() -> None:
    """The lesser GPL asks nothing of a program that only calls the library."""
    for name, (requirement, _) in _pins("requirements.txt").items():
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        licence = _licence(name)
        assert licence, name
        strict = re.sub(r"LGPL|Lesser General Public License", "", licence)
        assert not re.search(r"GPL|General Public License", strict), (name, licence)
