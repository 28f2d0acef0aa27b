"""The stack of deploy/compose as a target: two of each of our services, but one query-api.

It is started as a newcomer starts it, from a copy of the repository, with the overlay ``scaled``,
a project name of its own and its ports on 127.0.0.1, at which the senders send. Kafka, PostgreSQL
and the ops ports are published nowhere: the run reaches them at the addresses of their containers,
which takes a Docker that runs on this machine.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx

from chaos import docker
from chaos.balance import Counts
from chaos.compose_abandoned import project_name, remove_abandoned_stacks
from chaos.compose_breaker import ComposeBreaker
from chaos.compose_container import ComposeContainer
from chaos.compose_containers import Containers
from chaos.compose_places import OURS, PLACES, WATCHING
from chaos.database import is_answering
from chaos.installation import ASK_SECONDS, PAUSE_SECONDS, START_SECONDS, NotStartedError
from chaos.naming_loop import NamingLoop
from chaos.numbers import LaneName
from chaos.parts import Part
from chaos.plan import Fault
from chaos.target import Doors
from support.compose import Stack
from support.containers import broker_answers
from support.kafka import free_port

OPS_PORT = 9100
BROKER_PORT = 9092
NO_BALANCE = (
    "the balance of plain lanes: behind published ports all senders have one address,"
    " so that ingest cannot count them apart"
)
_PORTS = ("HEP_PORT_2", "HEP_TLS_PORT_2", "HEP_HTTP_PORT_2")
_Result = TypeVar("_Result")


class ComposeTopics:
    """Kafka by the name that it has in its network."""

    bootstrap = f"kafka:{BROKER_PORT}"
    topic_prefix = ""


class ComposeStack:
    """All containers of a stack; inert until entered, gone with their data when left."""

    def __init__(self, work: Path, *, say: Callable[[str], None]) -> None:
        self.logs = work / "logs"
        self.title = "the stack of deploy/compose"
        self.left_out = [NO_BALANCE]
        self.is_balanced = False
        self.broker = ComposeTopics()
        self._work = work
        self._say = say
        self._project = project_name()
        self._second = {name: free_port() for name in _PORTS}
        self._containers = Containers(self._project)
        self.parts = {part: ComposeContainer(part, self._containers) for part in PLACES}
        self.breaker = ComposeBreaker(self.parts)
        self._stack: Stack | None = None
        self._client = httpx.AsyncClient(trust_env=False, timeout=ASK_SECONDS)

    @property
    def doors(self) -> Doors:
        """The published ports."""
        ports = self._made.ports
        return Doors(
            udp=ports["HEP_PORT"],
            tcp=ports["HEP_PORT"],
            hep=[ports["HEP_PORT"], self._second["HEP_PORT_2"]],
            http=[ports["HEP_HTTP_PORT"], self._second["HEP_HTTP_PORT_2"]],
        )

    @property
    def dsn(self) -> str:
        """The database by the name that it has in its network."""
        password = quote(self._made.secret("postgres_password"), safe="")
        return f"postgresql://postgres:{password}@postgres:5432/hepscope"

    async def __aenter__(self) -> Self:
        """Start everything and wait until it is well. Raises NotStartedError, DockerError."""
        await asyncio.to_thread(remove_abandoned_stacks)
        self.logs.mkdir()
        self._stack = Stack(self._work, self._settings())
        try:
            await self._bring_up()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep the logs and end everything."""
        await self._end()

    def possible(self, plan: Sequence[Fault]) -> list[Fault]:
        """Return all: what cannot be done to a stack is in no plan of it."""
        return list(plan)

    async def count(self, lane: LaneName) -> Counts | None:
        """Return None: see ``left_out``."""
        del lane
        return None

    async def unready(self) -> list[str]:
        """Return what is not ready, each with what it says about itself."""
        await self._containers.refresh()
        states = {part: self._containers[part] for part in PLACES}
        if down := [f"{part}: {one.status}" for part, one in states.items() if one.pid == 0]:
            return down
        asked = await asyncio.gather(*(self._ask_ready(part) for part in OURS))
        found = [reason for reason in asked if reason is not None]
        found += [
            f"{part}: {states[part].health}"
            for part in WATCHING
            if states[part].health != "healthy"
        ]
        if not await is_answering(self.dsn):
            found.append("database: does not answer")
        address = self._containers.address("kafka")
        if not address or not await asyncio.to_thread(broker_answers, BROKER_PORT, host=address):
            found.append("broker: does not answer")
        return found

    async def _bring_up(self) -> None:
        self._say("make up, which builds the images first")
        done = await _to_its_end(lambda: self._made.make("up", OVERLAYS="scaled"))
        (self.logs / "up.log").write_text(f"{done.stdout}\n{done.stderr}")
        if done.returncode != 0:
            raise NotStartedError(f"make up: {done.stderr[-2000:]}")
        await self._containers.refresh()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, NamingLoop)
        loop.lookup = self._containers.address
        await self._wait_ready()

    async def _ask_ready(self, part: Part) -> str | None:
        try:
            answer = await self._client.get(f"http://{part}:{OPS_PORT}/readyz")
        except httpx.HTTPError as error:
            return f"{part}: {type(error).__name__}"
        return None if answer.status_code == 200 else f"{part}: {answer.text}"

    async def _wait_ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while unready := await self.unready():
            if asyncio.get_running_loop().time() > deadline:
                raise NotStartedError("; ".join(unready))
            await asyncio.sleep(PAUSE_SECONDS)

    @property
    def _made(self) -> Stack:
        assert self._stack is not None
        return self._stack

    def _settings(self) -> dict[str, str]:
        return {
            "COMPOSE_PROJECT_NAME": self._project,
            "PROFILES": "",
            **{name: str(port) for name, port in self._second.items()},
        }

    async def _end(self) -> None:
        await self._client.aclose()
        with contextlib.suppress(docker.DockerError, RuntimeError):
            await self._containers.refresh()
            await self._keep_logs()
            await self._wake()
        made = self._made
        made.client.close()
        done = await _to_its_end(lambda: made.make("down", ARGS="--volumes --yes"))
        if done.returncode != 0:
            self._say(f"make down: {done.stderr.strip()}")
        await asyncio.to_thread(shutil.rmtree, made.folder, ignore_errors=True)

    async def _wake(self) -> None:
        """Let go on what an interrupted run had stopped: it could not end when it is asked to."""
        for part, container in self.parts.items():
            if self._containers[part].status == "paused":
                await container.resume()

    async def _keep_logs(self) -> None:
        for part in PLACES:
            container = self._containers[part].id
            said = await docker.run_apart("logs", "--timestamps", container, with_errors=True)
            (self.logs / f"{part}.log").write_text(said)


async def _to_its_end(call: Callable[[], _Result]) -> _Result:
    """Return what a blocking call returns; it comes to its end even when this is cancelled."""
    task = asyncio.create_task(asyncio.to_thread(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
