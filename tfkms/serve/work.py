"""The run tasks that were taken on: a bounded queue, those that work it off, and the promise that each is answered."""

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from msgspec import Struct, field

from tfkms.serve.exchange import ANSWER_ATTEMPTS, ATTEMPTS, Exchange, UnavailableError
from tfkms.serve.judging import Bench, Judge
from tfkms.serve.outcomes import Answer, Json, document, failure
from tfkms.serve.run_task import PLANNED, Request

log = logging.getLogger("tfkms.serve")

_STOPPED = "the run task was stopped before it came to this plan; run it again"
_HEARING_SECONDS = 10
"""What an answer may take to arrive before the next plan is judged meanwhile."""

_CLOSING_SECONDS = 30
"""When stopped, what the last answers may take to arrive."""


class Limits(Struct, frozen=True):
    """`waiting` run tasks at most wait for one of the `workers`; the rest is in seconds.

    A request arrives in `receiving` at most, its plan in `fetching`, and is judged in `judging`. HCP Terraform gives up
    on a run task that says nothing for ten minutes, so that it hears something every `heartbeat`, and on one that takes
    an hour, so that it has an answer after `total`, its time in the queue included. When stopped, what is at work has
    `grace` to finish.
    """

    workers: int = 2
    waiting: int = 1_000
    judging: float = 120
    fetching: float = 600
    total: float = 3_300
    heartbeat: float = 240
    receiving: float = 20
    grace: float = 60


class _Taken(Struct, eq=False):
    """A run task that was taken on. One thing at a time is said of it, and nothing after the answer."""

    request: Request
    until: float
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
        """Whether the request is taken on; not if too many wait, or nothing more is begun.

        One that is asked again before it is answered, as HCP Terraform does if it does not hear us, is answered once.
        """
        if self._stopping:
            return False
        if any(taken.request == request for taken in self._open):
            return True
        taken = _Taken(request, time.monotonic() + self._limits.total)
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
        if self._answering:
            await asyncio.wait([*self._answering], timeout=_CLOSING_SECONDS)
        self._threads.shutdown()

    async def _work(self) -> None:
        bench = Bench(self._judge, self._ended)
        try:
            while True:
                taken = await self._waiting.get()
                try:
                    answer = await self._answer_to(taken, bench)
                except Exception as error:  # whatever it is, the run task is answered, and the next one judged
                    log.exception("%s: not judged", taken.request.name)
                    answer = failure(f"something went wrong ({type(error).__name__})")
                # An answer that is on its way is not called back; one that is not heard keeps nobody waiting.
                await asyncio.wait([self._answer(taken, answer)], timeout=_HEARING_SECONDS)
                self._waiting.task_done()
        finally:
            await asyncio.get_running_loop().run_in_executor(self._threads, bench.close)

    async def _answer_to(self, taken: _Taken, bench: Bench) -> Answer:
        request = taken.request
        if request.stage not in PLANNED:
            return failure("there is no plan at this stage; attach the run task after the plan")
        if time.monotonic() > taken.until:
            return failure("it waited too long for its turn; run it again, and give tfkms more --workers")
        await self._go_on(taken, "tfkms is judging the plan")
        fetching = min(self._limits.fetching, max(1, taken.until - time.monotonic()))
        try:
            async with asyncio.timeout(fetching):
                content = await self._exchange.plan(request)
        except UnavailableError as error:
            return failure(str(error))
        except TimeoutError:
            return failure(f"the plan took longer than {fetching:.0f} s to arrive")
        judging = min(self._limits.judging, max(1, taken.until - time.monotonic()))
        job = partial(bench.judged, content, request.name, judging)
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
            if await self._say(taken.request, document(status, answer.message, answer.outcomes), ANSWER_ATTEMPTS):
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

    async def _say(self, request: Request, content: Json, attempts: int = ATTEMPTS) -> bool:
        """Whether it was heard; if not there is nothing more to do, and who waits for it fails by itself."""
        try:
            await self._exchange.tell(request, content, attempts)
        except UnavailableError as error:
            log.error("%s: %s", request.name, error)  # noqa: TRY400 - the trace says no more
            return False
        return True
