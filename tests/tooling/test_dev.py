"""dev.py: the one tool that must work before anything is installed."""

from __future__ import annotations

import ast
import contextlib
import errno
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.tooling.locks import ROOT

SOURCE = ROOT / "dev.py"


def load(venv: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A fresh dev.py whose environment is at `venv`."""
    monkeypatch.setenv("AINEON_VENV", str(venv))
    spec = importlib.util.spec_from_file_location("dev_under_test", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load(tmp_path / "venv", monkeypatch)


@pytest.fixture
def built(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that a setup took; pip and venv are replaced."""
    steps: list[str] = []

    def create() -> None:
        steps.append("create")
        for place in (dev.BIN, dev.tool("python")):
            place.mkdir(exist_ok=True)

    monkeypatch.setattr(dev, "create_environment", create)
    monkeypatch.setattr(dev, "install_wheels", steps.extend)
    monkeypatch.setattr(dev, "install_project", lambda: steps.append("project"))
    monkeypatch.setattr(dev, "compiling", contextlib.nullcontext)
    monkeypatch.setattr(dev, "check_space", lambda locks: None)
    return steps


def call(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SOURCE), *arguments]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_a_python_too_old_can_still_read_it_and_say_so() -> None:
    source = SOURCE.read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "\nfrom __future__ import annotations" not in source


def test_control_newer_syntax_would_be_noticed() -> None:
    with pytest.raises(SyntaxError):
        ast.parse("if (n := 1): pass", feature_version=(3, 6))


def test_help_names_every_task(dev: ModuleType) -> None:
    done = call("help")
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in dev.TASKS)


def test_an_unknown_task_is_one_sentence() -> None:
    done = call("launch")
    assert done.returncode == 2
    assert done.stderr.startswith("error: 'launch' is no task;")
    assert done.stderr.count("\n") == 1


def test_setup_installs_what_running_needs_and_no_more(dev: ModuleType, built: list[str]) -> None:
    dev.setup()
    assert built == ["create", "requirements.txt", "project"]


def test_a_second_setup_does_nothing(dev: ModuleType, built: list[str]) -> None:
    dev.setup(with_tools=True)
    built.clear()
    dev.setup(with_tools=True)
    dev.setup()
    assert built == []


def test_tools_are_added_to_what_is_there(dev: ModuleType, built: list[str]) -> None:
    dev.setup()
    built.clear()
    dev.setup(with_tools=True)
    assert built == ["requirements-dev.txt"]


def test_an_interrupted_setup_starts_over(
    dev: ModuleType, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(locks: list[str]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dev, "install_wheels", interrupted)
        with pytest.raises(KeyboardInterrupt):
            dev.setup()
    built.clear()
    dev.setup()
    assert built == ["create", "requirements.txt", "project"]


@pytest.mark.parametrize("what", ["python", "locks", "root"])
def test_another_python_lock_or_place_rebuilds(
    dev: ModuleType, built: list[str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.setup(with_tools=True)
    built.clear()
    changed = {
        "python": lambda: monkeypatch.setattr(
            dev, "platform", SimpleNamespace(python_version=lambda: "3.99.0")
        ),
        "locks": lambda: monkeypatch.setattr(dev, "digest", lambda *names: "changed"),
        "root": lambda: dev.STAMP.write_text(
            dev.STAMP.read_text().replace(str(ROOT), "/elsewhere"), encoding="utf-8"
        ),
    }
    changed[what]()
    dev.setup()
    # The tools were there before, so they come back too.
    assert built == ["create", "requirements.txt", "requirements-dev.txt", "project"]


def test_changed_metadata_installs_the_project_alone(
    dev: ModuleType, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.setup()
    built.clear()
    monkeypatch.setattr(dev, "project_digest", lambda: "changed")
    dev.setup()
    assert built == ["project"]


def test_an_environment_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "bin").mkdir(parents=True)
    (mine / "bin" / "precious").write_text("kept")
    done = call("setup", env={"AINEON_VENV": str(mine)})
    assert done.returncode == 1
    assert "was not made by dev.py" in done.stderr
    assert (mine / "bin" / "precious").read_text() == "kept"


def test_a_full_disk_is_refused_before_anything_is_made(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dev.shutil, "disk_usage", lambda place: SimpleNamespace(free=50 * 2**20))
    with pytest.raises(dev.Problem, match="needs about 900 MB, and its disk has 50 MB left"):
        dev.setup(with_tools=True)
    assert not dev.tool("python").exists()


def test_a_python_without_venv_says_what_to_install(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(dev.Problem, match=r"no venv module: install it .*apt install python3\.\d+"):
        dev.create_environment()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "not the one that was locked"),
        (
            "WARNING: Retrying: NewConnectionError(…)\nERROR: No matching distribution found for x",
            "the package index cannot be reached",
        ),
        ("ERROR: No matching distribution found for rich==15.0.0", "no wheel of rich==15.0.0 for"),
        ("noise\nERROR: something else\n", "pip failed (ERROR: something else)"),
        ("", "no reason given"),
    ],
)
def test_what_pip_says_becomes_one_sentence(dev: ModuleType, words: str, sentence: str) -> None:
    said = dev.why_pip_failed(words)
    assert sentence in said
    assert "\n" not in said


def test_a_missing_tool_says_how_to_get_it(tmp_path: Path) -> None:
    done = call("tool", "ruff", env={"AINEON_VENV": str(tmp_path)})
    assert done.returncode == 1
    assert "run `python3 dev.py setup --dev`" in done.stderr


FETCH = "-m aineon.rehearsal.packages"


@pytest.fixture
def commands(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What tasks run, one line each; the contracts cannot be fetched."""
    said: list[str] = []

    def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
        said.append(" ".join(map(str, command[1:])))
        return int(FETCH in said[-1])

    monkeypatch.setattr(dev, "setup", lambda with_tools: None)
    monkeypatch.setattr(dev, "check_locks", lambda: 0)
    monkeypatch.setattr(dev, "lint_failures", list)
    monkeypatch.setattr(dev, "importing_tests", contextlib.nullcontext)
    monkeypatch.setattr(dev, "run", run)
    return said


def test_real_contracts_are_fetched_first_and_tests_run_without_them(
    dev: ModuleType, commands: list[str]
) -> None:
    assert dev.task_test([]) == 0
    assert commands[:2] == [FETCH, "-m tests.console.axe"]
    assert commands[2].startswith("-m pytest -n ")


def test_the_whole_suite_is_dealt_the_same_each_time_and_named_tests_are_not(
    dev: ModuleType, commands: list[str]
) -> None:
    dev.task_test([])
    dealt = {part.split("=")[0] for part in commands[2].split() if "seed" in part}
    assert dealt == {"--randomly-seed", "--hypothesis-seed"}
    dev.task_test(["tests/amm"])
    assert "seed" not in commands[-1]


def test_what_tests_write_is_kept_in_memory_and_gone_afterwards(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(dev, "MEMORY", str(tmp_path))
    monkeypatch.setattr(dev, "MEMORY_OF_TESTS", 1)
    with dev.surroundings_of_tests() as env:
        assert Path(env["TMPDIR"]).parent == tmp_path
        assert Path(env["TMPDIR"]).is_dir()
        assert "PYTHONDONTWRITEBYTECODE" not in env
    assert not list(tmp_path.iterdir())
    for name, value in (("MEMORY_OF_TESTS", 2**80), ("MEMORY", str(tmp_path / "none"))):
        monkeypatch.setattr(dev, name, value)
        with dev.surroundings_of_tests() as env:
            assert env.get("TMPDIR") == os.environ.get("TMPDIR")


def test_where_memory_starts_no_programs_tests_write_on_disk(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dev, "MEMORY", str(tmp_path))
    monkeypatch.setattr(dev, "MEMORY_OF_TESTS", 1)
    assert dev.is_memory_for_tests()
    flags = SimpleNamespace(f_flag=os.ST_NOEXEC, f_frsize=1, f_blocks=9, f_bfree=9, f_bavail=9)
    monkeypatch.setattr(os, "statvfs", lambda _: flags)
    assert not dev.is_memory_for_tests()
    with dev.surroundings_of_tests() as env:
        assert env.get("TMPDIR") == os.environ.get("TMPDIR")


def test_what_a_process_still_writes_there_fails_no_run(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OSError(errno.ENOTEMPTY, "not empty")

    monkeypatch.setattr(dev, "MEMORY", str(tmp_path))
    monkeypatch.setattr(dev, "MEMORY_OF_TESTS", 1)
    with monkeypatch.context() as meanwhile, dev.surroundings_of_tests():
        meanwhile.setattr(os, "rmdir", busy)
        assert list(tmp_path.iterdir())


def test_other_tests_fetch_nothing(dev: ModuleType, commands: list[str]) -> None:
    dev.task_test(["tests/amm"])
    assert commands == [commands[0]]
    assert commands[0].endswith("tests/amm")


def test_the_nightly_comparison_fails_without_contracts(
    dev: ModuleType, commands: list[str]
) -> None:
    assert dev.task_nightly(["--swaps", "10"]) == 1
    assert commands == [FETCH]


@pytest.mark.parametrize("failing", ["live_processes.py", "test_sizing_mixed.py", "nightly"])
def test_one_part_of_the_night_that_fails_keeps_no_other_from_being_run(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    said: list[str] = []

    def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
        said.append(" ".join(map(str, command[1:])))
        return int(failing in said[-1])

    monkeypatch.setattr(dev, "setup", lambda with_tools: None)
    monkeypatch.setattr(dev, "run", run)
    assert dev.task_nightly(["--swaps", "10"]) == 1
    live, sizings, swaps = said[1:]
    assert live.endswith("tests/rehearsal/live_processes.py")
    assert sizings.endswith("tests/search/test_sizing_mixed.py")
    assert swaps.endswith("tests.contracts.nightly --swaps 10")
