"""Keeping children alive, and stopping them: with small programs in place of the real ones."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from aineon.errors import StartError
from aineon.ledger.saved_settings import SavedSetting
from aineon.primitives import Book
from aineon.runtime import supervisor
from aineon.runtime.keys import without_keys
from aineon.runtime.processes import Child, Program, stop_all
from aineon.runtime.saved import with_saved
from aineon.runtime.settings import load_given, load_settings
from aineon.runtime.supervisor import (
    Crew,
    console_program,
    engine_program,
    find_console,
    require_free_port,
    supervise,
)

ROOT = Path(__file__).resolve().parents[2]

RUNS = """
import signal, sys, time
from pathlib import Path
def stop(*_):
    Path("NAME.stopped").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
Path("NAME.started").touch()
while True:
    time.sleep(0.02)
"""
DEAF = """
import signal, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path("NAME.started").touch()
while True:
    time.sleep(0.02)
"""
ENDS = "from pathlib import Path\nPath('NAME.started').touch()\nraise SystemExit({code})\n"


class Stage:
    """A folder of programs, and what was said about them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def child(
        self,
        name: str,
        source: str,
        *,
        restarts: int = 0,
        essential: bool = False,
        grace: float = 5.0,
    ) -> Child:
        (self.folder / f"{name}.py").write_text(source.replace("NAME", name))
        environment = dict(os.environ) | {"PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}"}
        program = Program(name, name, (), environment, self.folder, restarts, essential)
        return Child(program, grace, self.said.append)

    def has(self, *names: str) -> bool:
        return all((self.folder / name).exists() for name in names)

    def wait_for(self, *names: str) -> None:
        until(lambda: self.has(*names))

    def supervise(self, *children: Child, grace: float = 5.0) -> int:
        return supervise(Crew([children], grace, self.said.append), self.said.append)


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for `condition`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def stop_when(condition: Callable[[], bool], number: signal.Signals = signal.SIGTERM) -> None:
    """Send this process `number` as soon as `condition` holds."""

    def watch() -> None:
        until(condition)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_both_in_order(stage: Stage, number: signal.Signals) -> None:
    children = [stage.child("one", RUNS), stage.child("two", RUNS, essential=True)]
    stop_when(lambda: stage.has("one.started", "two.started"), number)
    before = signal.getsignal(number)
    assert stage.supervise(*children) == 0
    assert stage.has("one.stopped", "two.stopped")
    assert all(child.pid is None for child in children)
    assert stage.said == ["stopping", "stopped"]
    assert signal.getsignal(number) == before


def test_one_that_does_not_stop_is_killed(stage: Stage) -> None:
    child = stage.child("deaf", DEAF, grace=0.3)
    stop_when(lambda: stage.has("deaf.started"))
    assert stage.supervise(child, grace=0.3) == 0
    assert child.pid is None
    assert "deaf did not stop in 0.3 s and is killed" in stage.said


def test_an_engine_that_dies_again_and_again_is_given_up_and_the_console_stays(
    stage: Stage,
) -> None:
    engine = stage.child("engine", ENDS.format(code=1), restarts=1)
    console = stage.child("console", RUNS, essential=True)
    stop_when(lambda: engine.given_up and stage.has("console.started"))
    assert stage.supervise(engine, console) == 0
    assert stage.said[:2] == [
        "engine ended with exit code 1; it is restarted in 1 s",
        (
            "engine ended with exit code 1; it is not restarted any more after 1 restarts in ten "
            "minutes"
        ),
    ]
    assert stage.has("console.stopped")


def test_an_engine_that_is_killed_comes_back(stage: Stage) -> None:
    engine = stage.child("engine", RUNS, restarts=3)

    def killed_and_back() -> bool:
        first = (stage.folder / "engine.started").exists() and engine.pid
        if first and not stage.said:
            (stage.folder / "engine.started").unlink()
            os.kill(first, signal.SIGKILL)
            until(lambda: bool(stage.said))
        return bool(stage.said) and stage.has("engine.started")

    stop_when(killed_and_back)
    assert stage.supervise(engine) == 0
    assert stage.said[0] == "engine was ended by signal 9; it is restarted in 1 s"


def test_an_engine_that_refuses_its_input_ends_everything(stage: Stage) -> None:
    engine = stage.child("engine", ENDS.format(code=2), restarts=5)
    console = stage.child("console", RUNS, essential=True)
    assert stage.supervise(engine, console) == 2
    assert console.pid is None


def test_an_engine_that_has_finished_is_left_alone(stage: Stage) -> None:
    engine = stage.child("engine", ENDS.format(code=0), restarts=5)
    console = stage.child("console", RUNS, essential=True)
    stop_when(lambda: engine.finished and stage.has("console.started"))
    assert stage.supervise(engine, console) == 0
    assert stage.said[0] == "engine has finished"


def test_a_console_that_cannot_be_kept_alive_ends_everything(stage: Stage) -> None:
    engine = stage.child("engine", RUNS)
    console = stage.child("console", ENDS.format(code=0), essential=True)
    assert stage.supervise(engine, console) == 1
    assert engine.pid is None
    assert "nothing goes on without the console" in stage.said


def test_a_later_rank_is_stopped_when_the_earlier_ones_are_gone(stage: Stage) -> None:
    slow = RUNS.replace("def stop(*_):", "def stop(*_):\n    time.sleep(0.3)")
    first, last = stage.child("first", slow), stage.child("last", RUNS)
    crew = Crew([[first], [last]], 5.0, stage.said.append)
    stop_when(lambda: stage.has("first.started", "last.started"))
    assert supervise(crew, stage.said.append) == 0
    moments = [(stage.folder / f"{name}.stopped").stat().st_mtime_ns for name in ("first", "last")]
    assert moments == sorted(moments)


def test_news_are_said(stage: Stage) -> None:
    news = iter(["ready"])
    child = stage.child("one", RUNS)
    stop_when(lambda: stage.has("one.started") and "ready" in stage.said)
    crew = Crew([[child]], 5.0, stage.said.append, lambda: next(news, None))
    supervise(crew, stage.said.append)
    assert stage.said == ["ready", "stopping", "stopped"]


SUPERVISE = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.runtime.test_supervisor import DEAF, RUNS, Stage
stage = Stage(Path({folder!r}))
children = [stage.child("one", RUNS), stage.child("deaf", DEAF, grace=0.3)]
stage.supervise(*children, grace=0.3)
"""


def test_a_supervisor_that_is_killed_leaves_no_orphan(stage: Stage) -> None:
    code = SUPERVISE.format(root=str(ROOT), folder=str(stage.folder))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as process:
        stage.wait_for("one.started", "deaf.started")
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2
        process.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    for orphan in alive:
        orphan.kill()
    assert not alive
    assert stage.has("one.stopped")


# --- what is looked at before the start ----------------------------------------------------


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StartError) as caught:
            require_free_port("127.0.0.1", port)
    assert str(caught.value) == (
        f"port {port} on 127.0.0.1 cannot be used: Address already in use; stop what uses it, or "
        "choose another one with --port or PORT."
    )
    require_free_port("127.0.0.1", port)


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(StartError, match=r"port 8501 on 192\.0\.2\.1 cannot be used"):
        require_free_port("192.0.2.1", 8501)


def test_the_console_is_not_in_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor.aineon, "__file__", str(tmp_path / "aineon" / "__init__.py"))
    with pytest.raises(StartError, match="comes with AINEON's source repository"):
        find_console()


def test_the_console_without_streamlit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").touch()
    monkeypatch.setattr(supervisor.aineon, "__file__", str(tmp_path / "aineon" / "__init__.py"))
    assert find_console() == tmp_path
    monkeypatch.setattr(supervisor.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StartError, match="needs Streamlit"):
        find_console()


def options_of(program: Program) -> list[str]:
    return [" ".join(pair) for pair in zip(program.arguments, program.arguments[1:], strict=False)]


def test_the_console_answers_to_its_own_names_alone() -> None:
    def hosts(**env: str) -> set[str]:
        program = console_program(load_settings(env=env), Path())
        prefix = "--server.allowedHosts "
        return {o.removeprefix(prefix) for o in options_of(program) if o.startswith(prefix)}

    local = {"localhost", "127.0.0.1", "::1"}
    assert hosts() == local
    assert hosts(AINEON_HOST="10.0.0.5") == local | {"10.0.0.5"}
    assert hosts(AINEON_HOST="0.0.0.0") == {"*"}
    render = {"RENDER": "true", "RENDER_EXTERNAL_HOSTNAME": "x.onrender.com"}
    assert hosts(**render) == local | {"x.onrender.com"}
    assert hosts(AINEON_HOST="0.0.0.0", AINEON_ALLOWED_HOSTS="a.b, c.d") == {"a.b", "c.d"}


def test_the_programs_are_told_where_and_what() -> None:
    settings = load_settings(env={"PRIVATE_KEY": "1f" * 32}, port=9009)
    console = console_program(settings, Path("/repo"))
    assert {"--server.port 9009", "--server.address 127.0.0.1"} <= set(options_of(console))
    assert console.folder == Path("/repo")
    assert console.essential
    assert "PRIVATE_KEY" not in console.environment
    engine = engine_program(settings)
    assert engine.arguments == ("run", "--supervised", "--secrets-on-stdin")
    assert "PRIVATE_KEY" not in engine.environment
    assert console.secrets is None
    assert set(engine.secrets or ()) == {"PRIVATE_KEY"}
    assert engine_program(without_keys(settings)).secrets == {}, "a simulation signs nothing"
    rehearsing = settings.model_copy(update={"mode": Book.REHEARSAL})
    assert engine_program(rehearsing).secrets == {"PRIVATE_KEY": "0x" + "1f" * 32}
    assert "1f1f" not in repr(engine_program(rehearsing))


class Slow:
    """A child that needs a number of looks until it has stopped."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.killed = False

    def ask_to_stop(self) -> None:
        pass

    def stopped(self) -> bool:
        self.looks -= 1
        return self.looks < 0

    def kill(self) -> None:
        self.killed = self.looks >= 0


@pytest.mark.parametrize(("looks", "killed"), [(3, False), (5000, True)])
def test_a_machine_that_stood_still_costs_nobody_the_grace(
    looks: int, killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that leaps an hour is no child's fault; looks without an end are."""
    times = itertools.count(0.0, 3600.0)
    monkeypatch.setattr("aineon.runtime.processes.time.monotonic", lambda: next(times))
    monkeypatch.setattr("aineon.runtime.processes.time.sleep", lambda _: None)
    child: Any = Slow(looks)
    stop_all([child], 10.0, lambda: False)
    assert child.killed is killed


@pytest.mark.parametrize("is_saved", [True, False])
def test_where_settings_were_saved_the_console_outlives_an_engine_that_refuses_them(
    stage: Stage, is_saved: bool
) -> None:
    env = {"AINEON_DATA_DIR": str(stage.folder)}
    settings = load_given(env=env)
    if is_saved:
        found = {"MAX_HOPS": SavedSetting("MAX_HOPS", "3", 1, "anna", 1.0)}
        settings = with_saved(settings, found)
    engine = stage.child("engine", ENDS.format(code=2))
    console = stage.child("console", RUNS, essential=True)
    crew = Crew([[engine, console]], 5.0, stage.said.append, settings=settings)
    code: int | None = None

    def ended() -> bool:
        nonlocal code
        code = crew.tend(time.monotonic())
        return engine.given_up and stage.has("console.started")

    until(ended)
    assert code == (None if is_saved else 2)
    assert crew.tend(time.monotonic()) == code
    assert console.pid is not None
    crew.stop(lambda: False)


def test_a_crew_that_cannot_be_made_anew_says_so(stage: Stage) -> None:
    crew = Crew([[stage.child("engine", RUNS)]], 5.0, stage.said.append)
    with pytest.raises(StartError, match="cannot be started anew"):
        crew.begin_again(load_given(env={}))
