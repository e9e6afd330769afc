"""Reads and judges the inputs of a scan: each by itself, one after the other or by several processes."""

import copyreg
import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tfkms import engine
from tfkms.catalogue import Rule
from tfkms.cli.group import NO_MEMORY
from tfkms.cli.inputs import Asked, Reader
from tfkms.cli.names import STANDARD_INPUT
from tfkms.diagnostics import Diagnostic, Level, Refusal
from tfkms.engine import Facts, Judged
from tfkms.model import Scan

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

    from tfkms.queries.access import KeyAccess

Told = Callable[[str], None]
"""Is told of each input when it is done."""


class Done(Struct, frozen=True):
    """What came of one argument of the command line: what it stood for, judged, and why the rest of it was not.

    `access` are the matrices of each input that was judged, where they are wanted.
    """

    judged: tuple[Judged, ...]
    refused: tuple[Diagnostic, ...] = ()
    access: tuple[tuple["KeyAccess", ...], ...] = ()


class Task(Struct, frozen=True):
    """All that it takes to judge an argument of the command line; with `access`, to tell who may do what as well."""

    reader: Reader
    rules: Sequence[Rule]
    facts: Facts
    access: bool = False

    def done(self, asked: Asked) -> Done:
        """Reads and judges what is asked for. What goes wrong with it is told of it alone."""
        found: list[Judged] = []
        refused: list[Diagnostic] = []
        access: list[tuple[KeyAccess, ...]] = []
        for part in self.reader.parts(asked):
            try:
                with _seldom_collected():
                    scan = self.reader.scan(part)
                    found.append(engine.judged(scan, self.rules, self.facts))
                access.append(())
                if self.access:
                    access[-1] = self.matrices(scan)
            except Refusal as refusal:
                diagnostic = refusal.diagnostic
                refused.append(diagnostic._replace(file=diagnostic.file or part.name))
            except MemoryError:
                refused.append(Diagnostic(Level.ERROR, "memory", NO_MEMORY, None, part.name))
            except Exception as error:  # the others are judged, and the gate must not pass
                refused.append(_crashed(part, type(error).__name__))
        return Done(tuple(found), tuple(refused), tuple(access))

    def matrices(self, scan: Scan) -> tuple["KeyAccess", ...]:
        """Who may do what with each key that is asked about."""
        from tfkms.queries.access import matrices
        from tfkms.queries.sight import sides

        reported = scan.reported()
        return tuple(own for own in matrices(*sides(scan, self.facts)) if reported is None or own.address in reported)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """With the cyclic garbage collector at work less often: what is read stays, and looking through costs a sixth."""
    usual = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


_ALLOCATIONS = 100_000
"""After how many new objects the youngest are looked through."""


def judge_each(task: Task, asked: Sequence[Asked], jobs: int, told: Told) -> Done:
    """The inputs in their order, judged, and a diagnostic for each that could not be."""
    apart = jobs > 1 and len(asked) > 1
    done = list(_by_processes(task, asked, jobs, told) if apart else _one_by_one(task, asked, told))
    return Done(
        judged=tuple(own for each in done for own in each.judged),
        refused=tuple(own for each in done for own in each.refused),
        access=tuple(own for each in done for own in each.access),
    )


def _one_by_one(task: Task, asked: Sequence[Asked], told: Told) -> Iterator[Done]:
    gc.freeze()  # what has been imported stays, and need not be looked through again
    for one in asked:
        yield task.done(one)
        told(one.path)


def _by_processes(task: Task, asked: Sequence[Asked], jobs: int, told: Told) -> Iterator[Done]:
    """As `_one_by_one`, by so many processes. Standard input is read in this one."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Processes are started anew: a fork of one that has threads may hang.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(asked)), fresh, initializer=_take, initargs=(task,)) as pool:
        try:
            yield from _from_pool(pool, task, asked, told)
        except BaseException:  # an interrupt, here or in whoever asks for the next one
            end_processes()
            raise


def _from_pool(pool: "ProcessPoolExecutor", task: Task, asked: Sequence[Asked], told: Told) -> Iterator[Done]:
    from concurrent.futures.process import BrokenProcessPool

    pending: list[Future[Done] | None] = []
    with _without_interrupts():
        for one in asked:
            if one.path == STANDARD_INPUT:
                pending.append(None)
                continue
            future = _submitted(pool, one)
            future.add_done_callback(lambda _, path=one.path: told(path))  # type: ignore[misc]
            pending.append(future)
    for one, future_or_none in zip(asked, pending, strict=True):
        if future_or_none is None:
            yield task.done(one)
            told(one.path)
            continue
        try:
            yield future_or_none.result()
        except BrokenProcessPool:
            yield Done((), (_crashed(one, "its process ended"),))


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Holds interrupts back until its end, and for good, where that can be had, from the processes that are started."""
    held: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if sys.platform != "win32" else None
    try:
        yield
    finally:
        if sys.platform != "win32" and masked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        signal.signal(signal.SIGINT, handler)
    if held:
        raise KeyboardInterrupt


def end_processes() -> None:
    """Ends the processes that judge, whatever they do."""
    import multiprocessing

    for process in multiprocessing.active_children():
        process.kill()
        process.join()


def _submitted(pool: "ProcessPoolExecutor", asked: Asked) -> "Future[Done]":
    """The task of one input; one that has failed already where the processes have ended."""
    from concurrent.futures import Future
    from concurrent.futures.process import BrokenProcessPool

    try:
        return pool.submit(_done, asked)
    except BrokenProcessPool as error:
        failed: Future[Done] = Future()
        failed.set_exception(error)
        return failed


def _crashed(asked: Asked, what: str) -> Diagnostic:
    message = f"tfkms crashed ({what}); this is a fault of tfkms, please report it"
    return Diagnostic(Level.ERROR, "crashed", message, None, asked.name)


_task: Task | None = None
"""In a process that judges: what it judges by."""


def _take(task: Task) -> None:
    global _task  # noqa: PLW0603 - a process is told once, not with every input
    _task = task
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began it ends it, and says so


def _done(asked: Asked) -> Done:
    assert _task is not None
    return _task.done(asked)


def _unpickled(members: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(members)


def _pickled(view: MappingProxyType[Any, Any]) -> tuple[Callable[..., Any], tuple[dict[Any, Any]]]:
    return _unpickled, (dict(view),)


copyreg.pickle(MappingProxyType, _pickled)
