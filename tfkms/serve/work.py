"""The run tasks that were taken on: a bounded queue, those that work it off, and the promise that each is answered."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from tfkms.serve.exchange import Exchange, UnavailableError
from tfkms.serve.judging import Bench, Judge
from tfkms.serve.outcomes import Answer, Json, document, failure
from tfkms.serve.run_task import PLANNED, Request

log = logging.getLogger("tfkms.serve")

_STOPPED = "the run task was stopped before it came to this plan; run it again"


@dataclass(frozen=True, slots=True)
class Limits:
    """`waiting` run tasks at most wait for one of the `workers`; the rest is in seconds.

    A plan is judged in `judging` at most. HCP Terraform gives up on a run task that says nothing for ten minutes, so
    that it hears something every `heartbeat`. When stopped, what is at work has `grace` to finish.
    """

    workers: int = 2
    waiting: int = 100
    judging: float = 120
    heartbeat: float = 240
    grace: float = 60


@dataclass(slots=True, eq=False)
class _Taken:
    """A run task that was taken on. One thing at a time is said of it, and nothing after the answer."""

    request: Request
    speaking: asyncio.Lock = field(default_factory=asyncio.Lock)
    answered: bool = False


class Work:
    """Takes run tasks on and answers each: with what was found, or with why nothing could be."""

    def __init__(self, exchange: Exchange, judge: Judge, limits: Limits):
        self._exchange, self._judge, self._limits = exchange, judge, limits
        self._waiting: asyncio.Queue[_Taken] = asyncio.Queue(limits.waiting)
        self._open: set[_Taken] = set()
        self._running: list[asyncio.Task[None]] = []
        self._answering: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(limits.workers)
        self._stopping = False
        self._ended = threading.Event()

    @property
    def counts(self) -> tuple[int, int]:
        """How many run tasks wait, and how many are being judged."""
        waiting = self._waiting.qsize()
        return waiting, len(self._open) - waiting

    def take(self, request: Request) -> bool:
        """Whether the request is taken on; not if too many wait, or nothing more is begun."""
        if self._stopping:
            return False
        taken = _Taken(request)
        try:
            self._waiting.put_nowait(taken)
        except asyncio.QueueFull:
            return False
        self._open.add(taken)
        return True

    def start(self) -> None:
        """Begins to work, in the event loop that is running."""
        self._running = [asyncio.create_task(self._work()) for _ in range(self._limits.workers)]
        self._running.append(asyncio.create_task(self._heartbeat()))

    async def stop(self) -> None:
        """Takes nothing more on, gives what is there time to finish, and answers the rest with a failure."""
        self._stopping = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.join(), self._limits.grace)
        self._ended.set()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for taken in [*self._open]:
            if not taken.answered:
                self._answer(taken, failure(_STOPPED))
        await asyncio.gather(*self._answering)
        self._threads.shutdown()

    async def _work(self) -> None:
        bench = Bench(self._judge, self._limits.judging, self._ended)
        try:
            while True:
                taken = await self._waiting.get()
                answer = await self._answer_to(taken, bench)
                # An answer that is on its way is not called back.
                await asyncio.shield(self._answer(taken, answer))
                self._waiting.task_done()
        finally:
            await asyncio.get_running_loop().run_in_executor(self._threads, bench.close)

    async def _answer_to(self, taken: _Taken, bench: Bench) -> Answer:
        request = taken.request
        if request.stage not in PLANNED:
            return failure("there is no plan at this stage; attach the run task after the plan")
        await self._go_on(taken, "tfkms is judging the plan")
        try:
            content = await self._exchange.plan(request)
        except UnavailableError as error:
            return failure(str(error))
        except Exception as error:  # whatever it is, the run task is answered
            log.exception("%s: the plan could not be fetched", request.name)
            return failure(f"the plan could not be fetched ({type(error).__name__})")
        job = partial(bench.judged, content, request.name)
        return await asyncio.get_running_loop().run_in_executor(self._threads, job)

    def _answer(self, taken: _Taken, answer: Answer) -> asyncio.Task[None]:
        taken.answered = True
        task = asyncio.create_task(self._deliver(taken, answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return task

    async def _deliver(self, taken: _Taken, answer: Answer) -> None:
        status = "passed" if answer.passed else "failed"
        async with taken.speaking:
            if await self._say(taken.request, document(status, answer.message, answer.outcomes)):
                log.info("%s: %s: %s", taken.request.name, status, answer.message)
        self._open.discard(taken)

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self._limits.heartbeat)
            await asyncio.gather(*(self._go_on(taken, "tfkms has yet to judge the plan") for taken in [*self._open]))

    async def _go_on(self, taken: _Taken, message: str) -> None:
        """Says that the run task goes on, unless it is answered."""
        async with taken.speaking:
            if not taken.answered:
                await self._say(taken.request, document("running", message))

    async def _say(self, request: Request, content: Json) -> bool:
        """Whether it was heard; if not there is nothing more to do, and who waits for it fails by itself."""
        try:
            await self._exchange.tell(request, content)
        except UnavailableError as error:
            log.error("%s: %s", request.name, error)  # noqa: TRY400 - the trace says no more
            return False
        return True
