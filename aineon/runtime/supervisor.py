"""The supervisor: keeps an engine process and a console process alive, and stops them in order.

Everything that would make the start fail is looked at before anything is started: the port,
the console's files, the data folder, the databases.
"""

from __future__ import annotations

import http.client
import importlib.util
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

import aineon
from aineon.errors import StartError
from aineon.runtime.handover import (
    console_environment,
    engine_environment,
    engine_secrets,
    trainer_environment,
)
from aineon.runtime.hosts import EVERY_ADDRESS, allowed_hosts
from aineon.runtime.lock import SUPERVISOR, FolderLock
from aineon.runtime.processes import (
    REFUSED_INPUT,
    Child,
    Program,
    inherited_environment,
    stop_all,
)
from aineon.runtime.sections.optimizer import OptimizerRole
from aineon.runtime.settings import Settings
from aineon.runtime.sources import SAVED
from aineon.runtime.storage import check_storage

_TICK_SECONDS = 0.1
_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
# There is nothing to learn from before.
_TRAINER_WAITS_SECONDS = 60.0
_CONSOLE_SCRIPT = Path("app") / "__main__.py"

Say = Callable[[str], None]


@contextmanager
def prepared(settings: Settings) -> Iterator[Path]:
    """Check all that a start needs, and hold the data folder; yields the console's folder.

    Raises:
        StartError: the port or the data folder is taken, or the console is not there.
        LedgerError: a database cannot be written.
    """
    require_free_port(settings.host, settings.port)
    console = find_console()
    with FolderLock(settings.data_dir, SUPERVISOR, "another `aineon up`"):
        check_storage(settings)
        yield console


class Watched(Protocol):
    """What a supervisor keeps alive."""

    def tend(self, now: float) -> int | None:
        """See to everything; returns the exit code where nothing can go on. `now` is monotonic."""

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Stop everything in order; `hurried` cuts the waiting short."""


@dataclass(frozen=True, slots=True)
class Reborn:
    """Children that take the place of others, and the settings that they are started with."""

    children: Sequence[Child]
    settings: Settings


class Crew:
    """Children that are kept alive together.

    Args:
        ranks: who is stopped together; a later rank is stopped when those before it are gone.
        news: asked now and then for a line of news.
        settings: those with which they were started.
        anew: makes the first rank once more, not started yet, for other settings; None where
            that cannot be done.
    """

    def __init__(
        self,
        ranks: Sequence[Sequence[Child]],
        grace_seconds: float,
        say: Say,
        news: Callable[[], str | None] = lambda: None,
        *,
        settings: Settings | None = None,
        anew: Callable[[Settings], Reborn] | None = None,
    ) -> None:
        self._ranks = tuple(map(tuple, ranks))
        self._grace = grace_seconds
        self._say = say
        self._news = news
        self._anew = anew
        self.settings = settings

    @property
    def children(self) -> tuple[Child, ...]:
        """Everybody, in the order in which they are stopped."""
        return tuple(child for rank in self._ranks for child in rank)

    def begin_again(self, settings: Settings) -> None:
        """Stop whoever is stopped first, and start them anew with other settings.

        The others go on, such as a rehearsal's chain.

        Raises:
            AineonError: that cannot be done; all go on as they were.
        """
        if self._anew is None:
            raise StartError("what runs here cannot be started anew by itself")
        reborn = self._anew(settings)
        stop_all(self._ranks[0], self._grace, lambda: False)
        self._ranks = (tuple(reborn.children), *self._ranks[1:])
        self.settings = reborn.settings

    def tend(self, now: float) -> int | None:
        """See to all children; an essential one that is given up is the end of all."""
        for child in self.children:
            child.tend(now)
        for child in self.children:
            if child.given_up and child.exit_code == REFUSED_INPUT and not self._stays_with(child):
                return REFUSED_INPUT
            if child.given_up and child.program.essential:
                self._say(f"nothing goes on without the {child.program.name}")
                return 1
        if news := self._news():
            self._say(news)
        return None

    def _stays_with(self, child: Child) -> bool:
        """Whether the console stays although its engine refused the settings.

        Saved settings can be changed nowhere but there.
        """
        if child.program.essential or self.settings is None:
            return False
        return any(self.settings.origin(field) == SAVED for field in self.settings.given)

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Stop all children, rank by rank."""
        for rank in self._ranks:
            stop_all(rank, self._grace, hurried)


def supervise(watched: Watched, say: Say) -> int:
    """Keep `watched` alive until a signal comes or it cannot go on; returns the exit code."""
    with stop_signals() as signals:
        try:
            code = _tend(watched, signals)
        finally:
            say("stopping")
            seen = signals.count
            watched.stop(lambda: signals.count > max(seen, 1))
    say("stopped")
    return code


def _tend(watched: Watched, signals: _Signals) -> int:
    while not signals.wait(_TICK_SECONDS):
        code = watched.tend(time.monotonic())
        if code is not None:
            return code
    return 0


class _Signals:
    """Counts the signals that ask to stop."""

    def __init__(self) -> None:
        self.count = 0
        self._first = threading.Event()

    def receive(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self._first.set()

    def wait(self, seconds: float) -> bool:
        return self._first.wait(seconds)


@contextmanager
def stop_signals() -> Iterator[_Signals]:
    """Count the signals that ask to stop, in place of being ended by them."""
    signals = _Signals()
    numbers = [getattr(signal, name) for name in _STOP_SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, signals.receive) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def players(settings: Settings, console: Path, say: Say) -> Reborn:
    """Engine and console of `settings`, and what trains beside them; not started yet.

    Raises:
        StartError: the data folder cannot be written.
        LedgerError: a database cannot be written.
    """
    check_storage(settings)
    programs = [
        engine_program(settings),
        console_program(settings, console),
        *trainer_programs(settings),
    ]
    children = [Child(program, settings.stop_grace_seconds, say) for program in programs]
    return Reborn(children, settings)


def engine_program(settings: Settings) -> Program:
    """The engine process: endless, with its book and heartbeat."""
    return Program(
        name="engine",
        module="aineon",
        arguments=("run", "--supervised", "--secrets-on-stdin"),
        environment=engine_environment(inherited_environment(), settings),
        folder=Path.cwd(),
        restarts=settings.engine_restarts,
        essential=False,
        secrets=engine_secrets(settings),
    )


def trainer_programs(settings: Settings) -> tuple[Program, ...]:
    """The training process, where there is to be one.

    Nothing waits for it, and it lets the others start in peace.
    """
    if not settings.optimizer_training or settings.optimizer is OptimizerRole.OFF:
        return ()
    trainer = Program(
        name="training",
        module="aineon.runtime.trainer",
        arguments=(),
        environment=trainer_environment(inherited_environment(), settings),
        folder=Path.cwd(),
        restarts=settings.engine_restarts,
        essential=False,
        waits_seconds=_TRAINER_WAITS_SECONDS,
    )
    return (trainer,)


def console_program(settings: Settings, folder: Path) -> Program:
    """The console process: Streamlit from the repository root, where its own config lies.

    `python -m app` is `streamlit run app/server.py` with a quicker start.
    """
    options = {
        "server.port": str(settings.port),
        "server.address": settings.host,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    for name in allowed_hosts(settings):
        flags += ["--server.allowedHosts", name]
    return Program(
        name="console",
        module="app",
        arguments=tuple(flags),
        environment=console_environment(inherited_environment(), settings),
        folder=folder,
        restarts=settings.engine_restarts,
        essential=True,
    )


def find_console() -> Path:
    """Return the folder that the console is started from.

    Raises:
        StartError: the console, or Streamlit, is not there.
    """
    folder = Path(aineon.__file__).resolve().parents[1]
    if not (folder / _CONSOLE_SCRIPT).is_file():
        raise StartError(
            f"the console is not beside this installation ({folder / _CONSOLE_SCRIPT} does not "
            "exist): the wheel holds the library alone, and the console comes with AINEON's "
            "source repository; start `aineon up` from a checkout, or run the engine without a "
            "console by `aineon run`."
        )
    if importlib.util.find_spec("streamlit") is None:
        raise StartError(
            "the console needs Streamlit, which is not installed; install `aineon[console]`, or "
            "run the engine without a console by `aineon run`."
        )
    return folder


def require_free_port(host: str, port: int) -> None:
    """Check that the console can listen on `host` and `port`.

    Raises:
        StartError: it cannot, with the reason.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":
                # Otherwise connections of a console that has just stopped count as taken.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        raise StartError(
            f"port {port} on {host} cannot be used: {error.strerror or error}; stop what uses it, "
            "or choose another one with --port or PORT."
        ) from error


class ConsoleNews:
    """Says once where the console is, as soon as it answers."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.port
        local = settings.host in EVERY_ADDRESS
        self._host = "127.0.0.1" if local else settings.host
        self._told = False
        self._ask_at = 0.0

    def __call__(self) -> str | None:
        if self._told or time.monotonic() < self._ask_at:
            return None
        self._ask_at = time.monotonic() + 0.3
        self._told = self._answers()
        if not self._told:
            return None
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return f"console ready at http://{shown}:{self._port} (Ctrl-C stops)"

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=0.5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def introduction(settings: Settings) -> str:
    """Return what is about to be played, in a line."""
    what = f"feed {settings.feed}"
    if settings.replay_file is not None:
        what += f" ({settings.replay_file.name})"
    elif settings.feed == "sandbox":
        what += f", seed {settings.seed}, a block every {settings.pace_seconds:g} s"
    return (
        f"AINEON {aineon.__version__}: {settings.mode}, {what}, data in "
        f"{settings.data_dir.absolute()}"
    )
