#!/usr/bin/env python3
"""Every task of the repository, on any machine with Python 3.11 or newer: `python3 dev.py help`.

Standard library only. The environment is a virtual environment in `.venv` (or where the variable
AINEON_VENV says), filled with the wheels of requirements.txt, each checked against its hash.
"""

# No `from __future__ import annotations`: a Python too old for the rest must still read this file.
import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OLDEST_PYTHON = (3, 11)


def find_newer_python() -> "str | None":
    """Return a Python on the PATH that is new enough, or None."""
    probe = "import sys; sys.exit(sys.version_info < {!r})".format(OLDEST_PYTHON)  # noqa: UP032
    for name in ("python3.13", "python3.12", "python3.11", "python3.14"):
        path = shutil.which(name)
        if path and subprocess.call([path, "-c", probe], stderr=subprocess.DEVNULL) == 0:
            return path
    return None


if sys.version_info < OLDEST_PYTHON:
    NEWER = find_newer_python()
    if NEWER is None:
        sys.exit(
            "error: AINEON needs Python 3.11 or newer, this is Python {}.{}; install one from "
            "python.org or your package manager.".format(*sys.version_info[:2])
        )
    sys.exit(subprocess.call([NEWER, *sys.argv]))

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("AINEON_VENV") or ROOT / ".venv").absolute()
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "aineon-setup.json"
LOCK_FILE = VENV / "aineon-setup.lock"
LOG = VENV / "aineon-setup.log"
RUN_LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"
# Of order and random inputs: a change is judged by what it changed, and not by the dice. Tests that
# are named are dealt anew each time.
SEEDS = ["--randomly-seed=626219769", "--hypothesis-seed=626219769"]
ON_POSTGRES = (
    *("tests/ledger", "tests/sending", "tests/treasury"),
    *("tests/risk", "tests/safety", "tests/access"),
    "tests/runtime/test_access.py",
)
BRIEFLY_ON_POSTGRES = ("tests/ledger/test_store.py", "tests/ledger/test_requests.py")
NEEDED_MB = {RUN_LOCK: 600, DEV_LOCK: 300}
MEMORY = "/dev/shm"  # noqa: S108 - a folder of one's own is made in it
MEMORY_OF_TESTS = 2 * 2**30
IMPORTED_AT_START = {
    RUN_LOCK: (
        "alembic.command, eth_utils, fastapi, httpx, numpy, orjson, pandas, "
        "plotly.graph_objects, pydantic_settings, rich.table, sqlmodel, streamlit.web.bootstrap, "
        "structlog, typer, uvicorn"
    ),
    DEV_LOCK: "hypothesis, pytest, pytest_benchmark.plugin, streamlit.testing.v1, sybil, xdist",
}


class Problem(Exception):
    """One sentence for whoever called; the task ends with a non-zero exit code."""


# --- the environment -----------------------------------------------------------------------


def tool(name: str) -> Path:
    """Return the path of a program inside the virtual environment."""
    return BIN / (name + (".exe" if os.name == "nt" else ""))


def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run a command in the repository and return its exit code."""
    return subprocess.call([str(part) for part in command], cwd=ROOT, env=env)


def digest(*names: str) -> str:
    """Return a fingerprint of files of the repository."""
    content = b"".join((ROOT / name).read_bytes().replace(b"\r\n", b"\n") for name in names)
    return hashlib.sha256(content).hexdigest()


def project_digest() -> str:
    """Return a fingerprint of what the editable install depends on: metadata, not tool settings."""
    import tomllib

    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [data["project"], data["build-system"], data["tool"]["hatch"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def wanted_stamp(locks: list[str]) -> dict[str, Any]:
    """Return the stamp of an environment that is up to date."""
    return {
        "python": platform.python_version(),
        "root": str(ROOT),
        "project": project_digest(),
        "locks": {name: digest(name) for name in locks},
    }


def read_stamp() -> dict[str, Any]:
    """Return the stamp of the finished environment; empty where there is none."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and tool("python").exists() else {}


def is_current(have: dict[str, Any], want: dict[str, Any]) -> bool:
    """Say whether an environment has all that is wanted; it may have more."""
    locks, wanted = have.get("locks", {}), want["locks"]
    return {**have, "locks": 0} == {**want, "locks": 0} and all(
        locks.get(name) == value for name, value in wanted.items()
    )


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Hold the environment alone, so that two tasks started together do not both build it."""
    VENV.mkdir(parents=True, exist_ok=True)
    with LOCK_FILE.open("w") as handle:
        try:
            import fcntl
        except ImportError:  # Windows: the second task fails on files in use instead
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def refuse_foreign_environment() -> None:
    """Leave an environment alone that somebody else has made."""
    if VENV.is_dir() and not STAMP.exists():
        others = [entry for entry in VENV.iterdir() if entry != LOCK_FILE]
        if others:
            raise Problem(
                f"{VENV} exists and was not made by dev.py: move it away, or name another folder "
                "with the variable AINEON_VENV."
            )


def setup(with_tools: bool = False) -> None:
    """Make the virtual environment, or do nothing where it is up to date.

    The stamp of a finished environment is written last: an interrupted setup starts over.
    """
    locks = [RUN_LOCK, DEV_LOCK] if with_tools else [RUN_LOCK]
    if is_current(read_stamp(), wanted_stamp(locks)):
        return
    refuse_foreign_environment()
    leave_environment()
    with exclusive():
        have = read_stamp()
        if is_current(have, wanted_stamp(locks)):
            return
        installed = have.get("locks", {})
        # What is installed already stays up to date too.
        locks = [name for name in (RUN_LOCK, DEV_LOCK) if name in locks or name in installed]
        want = wanted_stamp(locks)
        same = all(have.get(key) == want[key] for key in ("python", "root"))
        if not same or any(digest(name) != installed[name] for name in installed):
            installed = {}
        STAMP.write_text('{"state": "building"}\n', encoding="utf-8")
        check_space([name for name in locks if name not in installed])
        if not installed:
            create_environment()
        missing = [name for name in locks if name not in installed]
        if missing:
            install_wheels(missing)
        with compiling(missing):
            if not installed or have["project"] != want["project"]:
                install_project()
        temporary = STAMP.with_suffix(".new")
        temporary.write_text(json.dumps(want, indent=1) + "\n", encoding="utf-8")
        temporary.replace(STAMP)


def leave_environment() -> None:
    """Go on with the base Python where this one lives in the environment to be rebuilt."""
    base = getattr(sys, "_base_executable", sys.executable)
    if Path(sys.prefix).resolve() == VENV.resolve() and base != sys.executable:
        sys.exit(subprocess.call([base, *sys.argv]))


def check_space(locks: list[str]) -> None:
    """Refuse to start what the disk cannot hold."""
    needed, free = sum(NEEDED_MB[name] for name in locks), shutil.disk_usage(VENV).free // 2**20
    if free < needed:
        raise Problem(f"{VENV} needs about {needed} MB, and its disk has {free} MB left.")


def create_environment() -> None:
    """Empty the folder and put a fresh virtual environment into it."""
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        version = "{}.{}".format(*sys.version_info[:2])
        raise Problem(
            f"this Python {version} has no venv module: install it "
            f"(Debian and Ubuntu: apt install python{version}-venv)."
        ) from None
    say(f"Making {VENV} with Python {platform.python_version()} …")
    for entry in VENV.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry not in {LOCK_FILE, STAMP}:
            entry.unlink()
    try:
        venv.EnvBuilder(symlinks=os.name != "nt", with_pip=True).create(VENV)
    except subprocess.CalledProcessError as error:
        raise Problem(f"Python could not put pip into {VENV}: {error}.") from error


def install_wheels(locks: list[str]) -> None:
    """Install hash-pinned wheels; nothing is resolved, built or compiled."""
    lines = [line for name in locks for line in (ROOT / name).read_text("utf-8").splitlines()]
    total = len({line.split("==")[0] for line in lines if re.match(r"[\w.-]+==", line)})
    say(f"Installing {total} packages from {' and '.join(locks)} …")
    files = [part for name in locks for part in ("--requirement", name)]
    # Compiling everything takes longer than fetching it: `compiling` does what is imported.
    pip("--only-binary=:all:", "--require-hashes", "--no-deps", "--no-compile", *files, total=total)


@contextlib.contextmanager
def compiling(locks: list[str]) -> Iterator[None]:
    """Meanwhile import once what every start will import, so that its bytecode is there.

    Isolated mode also overrules PYTHONDONTWRITEBYTECODE, which would slow down every start.
    """
    names = ", ".join(IMPORTED_AT_START[name] for name in locks)
    process = None
    if names:
        # What fails here fails again, and speaks, where it is used.
        command = [str(tool("python")), "-I", "-c", f"import {names}"]
        process = subprocess.Popen(command, cwd=VENV, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        if process is not None:
            process.wait()


def install_project() -> None:
    """Install the checkout itself, editable; its build backend is in the environment already."""
    say("Installing AINEON itself …")
    pip("--no-deps", "--no-build-isolation", "--no-index", "--no-compile", "--editable", ".")


def pip(*arguments: str, total: int = 0) -> None:
    """Run pip's install with progress on one line, all of its words in the log."""
    command: list[str | Path] = [
        tool("python"),
        "-I",
        "-m",
        "pip",
        "install",
        "--no-input",
        "--retries=3",
    ]
    command += ["--disable-pip-version-check", "--progress-bar=off", *arguments]
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN_PIP}
    env["PIP_USER"] = "0"
    seen = 0
    said: list[str] = []
    with LOG.open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            said.append(line)
            if line.startswith("Collecting "):
                seen += 1
                progress(f"  {min(seen, total)}/{total} {line.split()[1].split('==')[0]}")
            elif line.startswith("Installing collected"):
                progress(f"  unpacking {total}")
        progress("")
    if process.wait() != 0:
        raise Problem(why_pip_failed("".join(said)))


FOREIGN_PIP = ("PIP_TARGET", "PIP_PREFIX", "PIP_NO_BINARY", "PIP_REQUIRE_VIRTUALENV")
NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ReadTimeout|timed out|"
    r"ProxyError|SSLError|Connection (?:refused|reset|broken)|RemoteDisconnected|Could not fetch",
    re.IGNORECASE,
)


def why_pip_failed(words: str) -> str:
    """Turn what pip wrote into one sentence."""
    if "No space left on device" in words or "not enough space on the disk" in words:
        return f"the disk of {VENV} (or the temporary folder) is full; free some space, run again."
    if "DO NOT MATCH THE HASHES" in words:
        return f"a downloaded package is not the one that was locked and was refused; see {LOG}."
    if NETWORK.search(words):
        return f"the package index cannot be reached: check network and proxy; details in {LOG}."
    missing = re.search(r"No matching distribution found for ([\w.=-]+)", words)
    if missing:
        machine = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return f"there is no wheel of {missing[1]} for {machine}; Python 3.11 to 3.13 are tested."
    errors = [line.strip() for line in words.splitlines() if line.startswith("ERROR:")]
    return f"pip failed ({errors[-1] if errors else 'no reason given'}); details in {LOG}."


def say(text: str) -> None:
    """Print a line now."""
    print(text, flush=True)


def progress(text: str) -> None:
    """Show a passing line where somebody is watching."""
    if sys.stdout.isatty():
        print("\r\x1b[K" + text, end="", flush=True)


# --- the locks -----------------------------------------------------------------------------

INDEX = "https://pypi.org/simple"
COMPILE = (
    "pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes "
    f"--only-binary :all: --default-index {INDEX}"
).split()
EXPORTS = {
    RUN_LOCK: ["pyproject.toml", "--extra", "console", "--group", "build"],
    DEV_LOCK: ["--group", "dev", "--constraint", RUN_LOCK],
}
LOCK_CHECK = "tests/tooling/locks.py"


def export_locks(folder: Path, *options: str) -> None:
    """Write both locks into `folder`, keeping the pins of locks that are there already."""
    uv = shutil.which("uv") or (str(tool("uv")) if tool("uv").exists() else None)
    if uv is None:
        raise Problem("uv makes the locks and is not on the PATH: `pip install uv`.")
    env = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    for name, arguments in EXPORTS.items():
        header = ["--custom-compile-command", "python3 dev.py lock", "--output-file", name]
        command = [uv, *COMPILE, *arguments, *options, *header]
        if subprocess.call(command, cwd=folder, env=env) != 0:
            raise Problem(f"uv could not make {name}.")


def recheck_with_uv() -> int:
    """Export again beside the repository; the pins must come out as they are."""
    with tempfile.TemporaryDirectory() as name:
        for file in ("pyproject.toml", *EXPORTS):
            shutil.copy(ROOT / file, Path(name) / file)
        try:
            export_locks(Path(name))
        except Problem as problem:
            say(f"notice: the locks were not exported again: {problem}")
            return 0
        return run(tool("python"), LOCK_CHECK, name)


# --- tasks ---------------------------------------------------------------------------------


def task_setup(arguments: list[str]) -> int:
    """Set up .venv; --dev adds the tools of development."""
    setup(with_tools="--dev" in arguments)
    return 0


def task_run(arguments: list[str]) -> int:
    """Set up and start AINEON: engine and console, simulation, no keys."""
    setup()
    return become(tool("aineon"), "up", *arguments)


def task_doctor(arguments: list[str]) -> int:
    """Set up and show the effective configuration."""
    setup()
    return become(tool("aineon"), "doctor", *arguments)


def become(program: Path, *arguments: str) -> int:
    """Turn into `program`, so that Ctrl-C and signals reach it and nothing else."""
    os.chdir(ROOT)
    command = [str(program), *arguments]
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)
    with subprocess.Popen(command) as process:
        while True:
            # Windows sends Ctrl-C to both; the program ends in its own time.
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def task_test(arguments: list[str]) -> int:
    """Lint, compare the locks, run all tests; with arguments: pytest alone, with them."""
    setup(with_tools=True)
    return test_these(arguments) if arguments else test_all()


def test_these(arguments: list[str]) -> int:
    """Run the tests that are named."""
    if any(re.search("contracts|rehearsal|faults", each) for each in arguments):
        fetch_contracts()
    if any("console" in each for each in arguments):
        fetch_axe()
    workers = [] if {"-n", "--pdb", "-p"} & set(arguments) else ["-n", str(workers_for_tests())]
    return run(tool("python"), "-m", "pytest", *workers, *arguments)


def test_all() -> int:
    """Check all that is checked, and run all tests."""
    with surroundings_of_tests() as env:
        with importing_tests(env):
            failed = lint_failures()
            say("— locks")
            failed += ["locks"] if check_locks() else []
            fetch_contracts()
            fetch_axe()
        say("— pytest")
        # Some wait for browsers and nodes; others can run meanwhile.
        options = ["-n", str(workers_for_tests() + 1), *SEEDS]
        code = run(tool("python"), "-m", "pytest", *options, env=env)
        code = run_on_postgres(*options, *BRIEFLY_ON_POSTGRES, env=env) or code
    if failed:
        print(f"error: failed before the tests: {', '.join(failed)}.", file=sys.stderr)
    return code or int(bool(failed))


@contextlib.contextmanager
def surroundings_of_tests() -> Iterator[dict[str, str]]:
    """Keep bytecode, and keep what tests write in memory where there is enough.

    Some start AINEON a hundred times, others wait for a thousand books to be on disk.
    """
    env = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if not is_memory_for_tests():
        yield env
        return
    # What a process that is still ending writes there must not fail the run.
    with tempfile.TemporaryDirectory(
        prefix="aineon-", dir=MEMORY, ignore_cleanup_errors=True
    ) as folder:
        # As the system's own: some tests look at their files as another user.
        Path(folder).chmod(0o711)
        yield {**env, "TMPDIR": folder}


def is_memory_for_tests() -> bool:
    """Return whether tests can write, and start programs, in as much memory as they take."""
    if not os.access(MEMORY, os.W_OK) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return False
    return shutil.disk_usage(MEMORY).free >= MEMORY_OF_TESTS


@contextlib.contextmanager
def importing_tests(env: dict[str, str]) -> Iterator[None]:
    """Meanwhile import all tests once: each worker would compile all of them for itself."""
    command = [str(tool("python")), "-m", "pytest", "--collect-only", "--quiet"]
    # What fails here fails again, and speaks, where they are run.
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.wait()


def run_on_postgres(*arguments: str, env: "dict[str, str] | None" = None) -> int:
    """Run tests of the books on PostgreSQL, where that is installed."""
    installed = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed and shutil.which("initdb") is None:
        say("— books on PostgreSQL: skipped, it is not installed on this machine")
        return 0
    say("— books on PostgreSQL")
    chosen = {**(env or os.environ), "AINEON_TEST_DATABASE": "postgresql"}
    return run(tool("python"), "-m", "pytest", *arguments, env=chosen)


def task_postgres(arguments: list[str]) -> int:
    """Run all tests of books, outbox, treasury and sign-in with PostgreSQL in place of SQLite."""
    setup(with_tools=True)
    return run_on_postgres("-n", str(workers_for_tests()), *(arguments or ON_POSTGRES))


def fetch_contracts() -> int:
    """Fetch the real contracts and anvil; without them tests skip, and a line says why."""
    return run(tool("python"), "-m", "aineon.rehearsal.packages")


def fetch_axe() -> int:
    """Fetch what finds barriers in pages; without it that test skips, and a line says why."""
    return run(tool("python"), "-m", "tests.console.axe")


def workers_for_tests() -> int:
    """Return how many cores this process may use, at most 8."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, 8)


def task_nightly(arguments: list[str]) -> int:
    """Go live on a test's chain, judge 2,000 sizings and a million swaps; --swaps, --seed."""
    setup(with_tools=True)
    missing = fetch_contracts()
    if missing:
        return missing
    live = run(tool("python"), "-m", "pytest", "tests/rehearsal/live_processes.py")
    sizings = run(
        *(tool("python"), "-m", "pytest", "-n", str(workers_for_tests())),
        "tests/search/test_sizing_mixed.py",
        env={**os.environ, "AINEON_SIZED_CYCLES": "2000"},
    )
    swaps = run(tool("python"), "-m", "tests.contracts.nightly", *arguments)
    return live or sizings or swaps


def task_faults(arguments: list[str]) -> int:
    """Kill engines, cut their power and lie to them, thousands of times; --share 10: a tenth."""
    setup(with_tools=True)
    return fetch_contracts() or run(tool("python"), "-m", "tests.faults.full", *arguments)


def task_soak(arguments: list[str]) -> int:
    """Run a rehearsal for a day's blocks and watch memory, files and books; --blocks."""
    setup(with_tools=True)
    return fetch_contracts() or run(tool("python"), "-m", "tests.faults.soak", *arguments)


def task_lint(arguments: list[str]) -> int:
    """Style, format, types and layers; --fix repairs what can be."""
    setup(with_tools=True)
    if "--fix" in arguments:
        run(tool("ruff"), "check", "--fix", ".")
        run(tool("ruff"), "format", ".")
    failed = lint_failures()
    if failed:
        raise Problem(f"failed: {', '.join(failed)}.")
    return 0


def lint_failures() -> list[str]:
    """Run every check and return the names of those that failed."""
    checks: dict[str, list[str | Path]] = {
        "ruff check": [tool("ruff"), "check", "."],
        "ruff format": [tool("ruff"), "format", "--check", "."],
        "mypy --strict": [tool("mypy")],
        "import-linter": [tool("lint-imports"), "--no-logo"],
    }
    failed = []
    for name, command in checks.items():
        say(f"— {name}")
        if run(*command):
            failed.append(name)
    return failed


def task_bench(arguments: list[str]) -> int:
    """Measure speed and memory, other libraries beside it, and write docs/performance.md."""
    setup(with_tools=True)
    figures = ROOT / ".benchmarks" / "latest.json"
    figures.parent.mkdir(exist_ok=True)
    # What cannot be installed here is told in a notice, and left out.
    run(tool("python"), "-m", "tests.benchmarks.peers.environments")
    options = ["-n", "0", "-p", "no:randomly", "--benchmark-enable", "--benchmark-only"]
    options.append(f"--benchmark-json={figures}")
    failed = run(tool("python"), "-m", "pytest", "tests/benchmarks", *options, *arguments)
    return failed or run(tool("python"), "-m", "tests.benchmarks.performance_page", figures)


def task_footprint(arguments: list[str]) -> int:
    """Watch engine, console and live pages with 500 pools in 512 MB for 10 minutes (or SECONDS)."""
    setup(with_tools=True)
    seconds = arguments[0] if arguments else "600"
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "footprint.json"
        options = ["-n", "0", "-p", "no:randomly", "--benchmark-enable", "--benchmark-only"]
        options += ["-k", "memory_with_500_pools"]
        failed = run(
            *(tool("python"), "-m", "pytest", "tests/benchmarks/test_footprint.py", *options),
            f"--benchmark-json={figures}",
            env={**os.environ, "FOOTPRINT_SECONDS": seconds},
        )
        shown = (tool("python"), "-m", "tests.benchmarks.performance_page", figures, "-")
        return failed or run(*shown)


def task_lock(arguments: list[str]) -> int:
    """Remake both locks (--upgrade takes the newest versions); --check compares only."""
    if "--check" not in arguments:
        export_locks(ROOT, *arguments)
        return 0
    setup(with_tools=True)
    return check_locks()


def check_locks() -> int:
    """Compare the locks with pyproject.toml; where uv is at hand, export them again too."""
    code = run(tool("python"), LOCK_CHECK)
    return code or (recheck_with_uv() if shutil.which("uv") else 0)


def task_screenshots(arguments: list[str]) -> int:
    """Take the pictures of the console again."""
    setup(with_tools=True)
    return run(tool("python"), "tests/console/screenshots.py", *arguments)


def task_clean(arguments: list[str]) -> int:
    """Remove caches and builds; --all also .venv and .cache. What AINEON recorded in var/ stays."""
    names = ".pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks"
    folders = [ROOT / name for name in [*names.split(), "htmlcov", "build", "dist"]]
    for top in ("aineon", "app", "pages", "tests", "."):
        pattern = "__pycache__" if top == "." else "**/__pycache__"
        folders += (ROOT / top).glob(pattern)
    if "--all" in arguments:
        refuse_foreign_environment()
        folders += [VENV, ROOT / ".cache"]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for file in ROOT.glob(".coverage*"):
        file.unlink()
    return 0


def task_tool(arguments: list[str]) -> int:
    """Run a program of .venv as it is (the hooks before a commit do)."""
    if not arguments or not tool(arguments[0]).exists():
        name = arguments[0] if arguments else "a program"
        raise Problem(f"{name} is not in {BIN}: run `python3 dev.py setup --dev`.")
    return run(tool(arguments[0]), *arguments[1:])


TASKS = {
    "setup": task_setup,
    "run": task_run,
    "test": task_test,
    "nightly": task_nightly,
    "postgres": task_postgres,
    "faults": task_faults,
    "soak": task_soak,
    "lint": task_lint,
    "bench": task_bench,
    "footprint": task_footprint,
    "lock": task_lock,
    "clean": task_clean,
    "screenshots": task_screenshots,
    "doctor": task_doctor,
    "tool": task_tool,
}


def usage() -> str:
    """Return the list of tasks."""
    lines = [f"  {name:<12} {(task.__doc__ or '').strip()}" for name, task in TASKS.items()]
    return "\n".join(["usage: python3 dev.py TASK [arguments]", "", *lines])


def main(arguments: list[str]) -> int:
    """Run one task; every failure ends in one sentence."""
    if not arguments or arguments[0] in {"help", "-h", "--help"}:
        print(usage())
        return 0
    task = TASKS.get(arguments[0])
    if task is None:
        print(f"error: {arguments[0]!r} is no task; {', '.join(TASKS)} are.", file=sys.stderr)
        return 2
    try:
        return task(arguments[1:])
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"error: {name}{error.strerror or error}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ninterrupted; an unfinished setup starts over next time.", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
