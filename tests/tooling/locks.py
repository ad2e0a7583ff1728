"""Where the locks and the ranges of pyproject.toml differ.

`python tests/tooling/locks.py` compares them, without network; with a folder as argument it
compares the locks with those in that folder.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
RUN_LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
PYTHONS = ("3.11", "3.12", "3.13")

_PIN = re.compile(r"^([\w.-]+)==([^ ;\\]+)(?: *; *([^\\\n]+?))? *\\?$", re.MULTILINE)
_ASKED_FOR = re.compile(r"^([\w.-]+)==.*\n(?:    .*\n)*?    #.*pyproject\.toml", re.MULTILINE)


class Pin(NamedTuple):
    name: str
    version: str
    marker: str

    def holds(self, machine: dict[str, str]) -> bool:
        return not self.marker or Marker(self.marker).evaluate(machine)


def pins(lock: str) -> list[Pin]:
    return [Pin(*found) for found in _PIN.findall(lock)]


def machines() -> list[dict[str, str]]:
    """The marker environments that the locks are made for."""
    return [
        {
            "python_version": version,
            "python_full_version": f"{version}.0",
            "sys_platform": system,
            "platform_system": name,
            "os_name": "nt" if system == "win32" else "posix",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        for version in PYTHONS
        for system, name in SYSTEMS.items()
    ]


def declared(pyproject: dict[str, Any]) -> dict[str, list[str]]:
    """What each lock has to hold, as pyproject.toml says it."""
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    console = project["optional-dependencies"]["console"]
    return {
        RUN_LOCK: [*project["dependencies"], *console, *groups["build"]],
        DEV_LOCK: groups["dev"],
    }


def faults(pyproject: dict[str, Any], locks: dict[str, str]) -> list[str]:
    """One sentence for each difference; none where locks and ranges agree."""
    found = []
    for name, wanted in declared(pyproject).items():
        found += _range_faults(name, locks[name], wanted)
        found += _leftovers(name, locks[name], wanted)
        found += [f"{name} pins {pin} without a hash" for pin in _without_hash(locks[name])]
    run_pins = set(pins(locks[RUN_LOCK]))
    shared = {pin.name for pin in run_pins}
    found += [
        f"{DEV_LOCK} pins {pin.name}=={pin.version}, {RUN_LOCK} does not"
        for pin in pins(locks[DEV_LOCK])
        if pin.name in shared and pin not in run_pins
    ]
    return found


def _range_faults(lock: str, text: str, wanted: list[str]) -> list[str]:
    found = []
    locked = pins(text)
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        for machine in machines():
            if requirement.marker and not requirement.marker.evaluate(machine):
                continue
            versions = [pin.version for pin in locked if pin.name == name and pin.holds(machine)]
            if len(versions) != 1 or not requirement.specifier.contains(versions[0], True):
                where = f"Python {machine['python_version']} on {machine['platform_system']}"
                has = " and ".join(versions) or "no version"
                found.append(f"{lock} pins {has} for `{requirement}` ({where})")
                break
    return found


def _leftovers(lock: str, text: str, wanted: list[str]) -> list[str]:
    names = {canonicalize_name(Requirement(line).name) for line in wanted}
    return [
        f"{lock} holds {name}, which pyproject.toml no longer asks for"
        for name in _ASKED_FOR.findall(text)
        if name not in names
    ]


def _without_hash(text: str) -> list[str]:
    blocks = re.split(r"\n(?=[\w.-]+==)", text)
    return [
        block.split("==")[0]
        for block in blocks
        if _PIN.match(block) and "--hash=sha256:" not in block
    ]


def read_locks(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in (RUN_LOCK, DEV_LOCK)}


def main(arguments: list[str]) -> int:
    locks = read_locks(ROOT)
    if arguments:
        again = read_locks(Path(arguments[0]))
        found = [
            f"{name} comes out differently when it is exported again"
            for name in locks
            if pins(locks[name]) != pins(again[name])
        ]
    else:
        pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        found = faults(pyproject, locks)
    for sentence in found:
        print(f"error: {sentence}: run `python3 dev.py lock`.", file=sys.stderr)
    if not found and not arguments:
        print("The locks agree with pyproject.toml.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
