"""Runs jobs in processes of their own, so many at a time, and says what they say meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Final, Protocol

from aineon.errors import OptimizerError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

Say = Callable[[str], None]

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Job(Protocol):
    """Something to be done; it is sent to another process, and so is what it returns."""

    @property
    def name(self) -> str:
        """What people are told it is."""
        ...

    def run(self, say: Say) -> Any:
        """Do it, and say how far it is."""


@dataclass(frozen=True, slots=True)
class _Done:
    result: Any


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


@dataclass(frozen=True, slots=True)
class _Working:
    number: int
    process: SpawnProcess


def run_here(jobs: Sequence[Job], say: Say) -> list[Any]:
    """Run jobs one after the other in this process, and return what each returned."""
    with _one_thread_each():
        return [job.run(_prefixed(say, job.name)) for job in jobs]


def run_side_by_side(jobs: Sequence[Job], processes: int, say: Say) -> list[Any]:
    """Run each job in a process of its own, and return what each returned, in their order.

    Raises:
        OptimizerError: a process ended before its job was done, as where memory is short.
        Exception: whatever the first failing job raised; the others are ended.
    """
    results: dict[int, Any] = {}
    waiting = list(enumerate(jobs))
    working: dict[Connection, _Working] = {}
    with _one_thread_each():
        try:
            while waiting or working:
                while waiting and len(working) < processes:
                    number, job = waiting.pop(0)
                    connection, process = _started(job)
                    working[connection] = _Working(number, process)
                for ready in wait(list(working)):
                    assert isinstance(ready, Connection)
                    done = _heard(ready, jobs[working[ready].number], say)
                    if done is None:
                        continue
                    at = working.pop(ready)
                    at.process.join()
                    results[at.number] = done.result
                    say(f"{len(results)} of {len(jobs)} done")
        finally:
            for each in working.values():
                each.process.terminate()
                each.process.join()
    return [results[number] for number in range(len(jobs))]


def _started(job: Job) -> tuple[Connection, SpawnProcess]:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs), daemon=True)
    process.start()
    # Only the child holds it now, so that its end is noticed.
    theirs.close()
    return ours, process


def _heard(connection: Connection, job: Job, say: Say) -> _Done | None:
    try:
        told = connection.recv()
    except EOFError:
        raise OptimizerError(f"the process of {job.name} ended before it was done") from None
    if isinstance(told, _Failed):
        raise told.error
    if isinstance(told, _Done):
        return told
    say(f"{job.name}: {told}")
    return None


def _work(job: Job, connection: Connection) -> None:
    try:
        result = job.run(connection.send)
    except KeyboardInterrupt:
        return
    except Exception as error:  # noqa: BLE001 (it is raised again where somebody waits for it)
        connection.send(_Failed(error))
        return
    connection.send(_Done(result))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that begin meanwhile use one core each, whatever library computes in them."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _prefixed(say: Say, name: str) -> Say:
    return lambda words: say(f"{name}: {words}")
