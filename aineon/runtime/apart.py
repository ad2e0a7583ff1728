"""One process by itself, for platforms that keep each one alive on a machine of its own.

`aineon up` keeps engine and console together, and changes their mode on request. Apart, they meet
in the database alone: whoever runs them gives both the same DATABASE_URL and the same mode, and a
mode is changed by starting them anew. Each still gets only the secrets that it needs.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aineon.errors import StartError
from aineon.runtime.access import with_setup_token
from aineon.runtime.auditing import audit_of, note_settings
from aineon.runtime.desk import open_desk
from aineon.runtime.handover import SUPERVISED_VARIABLE, console_environment
from aineon.runtime.house import House
from aineon.runtime.lock import SUPERVISOR, FolderLock
from aineon.runtime.notices.service import notices_sent
from aineon.runtime.processes import Child, Program, inherited_environment
from aineon.runtime.settings import Settings
from aineon.runtime.storage import check_storage
from aineon.runtime.supervisor import (
    ConsoleNews,
    Crew,
    Reborn,
    Say,
    Watched,
    console_program,
    engine_program,
    find_console,
    introduction,
    require_free_port,
    supervise,
    trainer_programs,
)
from aineon.runtime.switching import Modes, as_played


def run_engine(settings: Settings, say: Say) -> int:
    """Run the engine alone until a signal comes or its feed ends; returns the exit code.

    It takes requests that a console elsewhere leaves in the database, but for another mode.

    Raises:
        StartError: the data folder is taken or cannot be written.
        LedgerError: a database cannot be written.
    """
    with FolderLock(settings.data_dir, SUPERVISOR, "another `aineon up` or `aineon engine`"):
        check_storage(settings)
        with open_desk(settings.control_url, say, audit_in=partial(audit_of, settings)) as desk:
            say(introduction(settings))
            for sentence in settings.ignored:
                say(sentence)
            note_settings(settings, say)
            house = House(settings, say)
            making = EngineInMaking(lambda: house.settings, say)
            modes = Modes({settings.mode: lambda: making}, settings.mode, desk, say, house)
            with notices_sent(modes.settings, say):
                return supervise(Alone(modes, making.children), say)


class EngineInMaking:
    """An engine without a console, for which nothing has to be made first."""

    words = "the engine starts"

    def __init__(self, settings: Callable[[], Settings], say: Say) -> None:
        self._settings = settings
        self._say = say
        self._crew: Crew | None = None

    def children(self) -> tuple[Child, ...]:
        """Return those who play; nobody before it stands. Who trains beside them does not."""
        return () if self._crew is None else self._crew.children[:1]

    def tend(self, now: float) -> Crew:
        """Return the engine, and what trains beside it.

        Raises:
            StartError: the data folder cannot be written.
            LedgerError: a database cannot be written.
        """
        first = self._players(self._settings())
        grace = first.settings.stop_grace_seconds
        self._crew = Crew(
            [first.children], grace, self._say, settings=first.settings, anew=self._players
        )
        return self._crew

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Nothing was started."""

    def _players(self, settings: Settings) -> Reborn:
        played = as_played(settings)
        check_storage(played)
        programs = (engine_program(played), *trainer_programs(played))
        children = [Child(each, played.stop_grace_seconds, self._say) for each in programs]
        return Reborn(children, played)


def run_console(settings: Settings, say: Say) -> int:
    """Run the console alone until a signal comes; returns the exit code.

    Raises:
        StartError: the port is taken, the data folder cannot be written, or the console is not
            there.
        LedgerError: a database cannot be written.
    """
    require_free_port(settings.host, settings.port)
    folder = find_console()
    check_storage(settings)
    settings = with_setup_token(settings, say)
    # What its buttons ask is taken by the engine's `aineon engine`, in the same database.
    return _keep_alive(console_program(settings, folder), settings, say, ConsoleNews(settings))


def run_api(settings: Settings, say: Say) -> int:
    """Run health, metrics and the REST API without pages; returns the exit code.

    It only reads: as many as somebody likes may run beside each other.

    Raises:
        StartError: the port is taken, or no web server is installed.
    """
    if importlib.util.find_spec("uvicorn") is None:
        raise StartError(
            "the API needs uvicorn, which is not installed; it is in `aineon[console]`."
        )
    require_free_port(settings.host, settings.port)
    say(f"answering on port {settings.port} of {settings.host}: /health, /metrics, /api/v1")
    return _keep_alive(api_program(settings), settings, say)


def api_program(settings: Settings) -> Program:
    """The API process: it gets what the console gets."""
    told = console_environment(inherited_environment(), settings)
    return Program(
        name="API",
        module="aineon.server",
        arguments=("--host", settings.host, "--port", str(settings.port)),
        environment={name: text for name, text in told.items() if name != SUPERVISED_VARIABLE},
        folder=Path.cwd(),
        restarts=settings.engine_restarts,
        essential=True,
    )


def _keep_alive(
    program: Program,
    settings: Settings,
    say: Say,
    news: Callable[[], str | None] = lambda: None,
) -> int:
    grace = settings.stop_grace_seconds
    crew = Crew([[Child(program, grace, say)]], grace, say, news)
    return supervise(Alone(crew, lambda: crew.children), say)


class Alone:
    """Ends with whoever plays, as they ended.

    Args:
        watched: who sees to them.
        children: returns those who play now.
    """

    def __init__(self, watched: Watched, children: Callable[[], tuple[Child, ...]]) -> None:
        self._watched = watched
        self._children = children

    def tend(self, now: float) -> int | None:
        """See to them; returns the exit code where one has ended for good."""
        code = self._watched.tend(now)
        if code is not None:
            return code
        for child in self._children():
            if child.finished:
                return 0
            if child.given_up:
                return child.exit_code or 1
        return None

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Stop them."""
        self._watched.stop(hurried)
