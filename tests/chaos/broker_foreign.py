"""A broker that somebody else runs: used with a prefix of the run's own, and left as it was."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chaos.broker import first_address
from chaos.parts import Part
from support.kafka import CannotStartError, answers

DELETE_SECONDS = 60.0
ANSWER_SECONDS = 20.0
"""One that is not there refuses at once; one that is may have a lot to do."""


class ForeignBroker:
    """Kafka at an address; nothing is done to it but to make topics, and to delete them."""

    def __init__(self, bootstrap: str, *, say: Callable[[str], None]) -> None:
        self.title = f"Kafka at {bootstrap}, which is not ours to break"
        self.topic_prefix = f"chaos-{secrets.token_hex(4)}."
        self._bootstrap = bootstrap
        self._say = say
        self._host, self._port = first_address(bootstrap)

    @property
    def bootstrap(self) -> str:
        """Its addresses."""
        return self._bootstrap

    def bootstrap_of(self, part: Part) -> str:
        """The same for every client."""
        del part
        return self._bootstrap

    def is_answering(self) -> bool:
        """Whether the first of its addresses answers."""
        return answers(self._port, host=self._host, seconds=ANSWER_SECONDS)

    async def open(self) -> None:
        """Look whether it is there. Raises CannotStartError."""
        if not await asyncio.to_thread(self.is_answering):
            raise CannotStartError(f"no Kafka answers at {self._bootstrap}")

    async def close(self, log: Path) -> None:
        """Delete the topics of the run, or say that they stay; groups, then empty, expire."""
        del log
        try:
            async with asyncio.timeout(DELETE_SECONDS):
                await self._delete_topics()
        except (KafkaError, OSError) as error:
            self._say(f"topics {self.topic_prefix}* stay at {self._bootstrap}: {error!r}")

    async def _delete_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            await admin.start()
            every = await admin.list_topics()
            ours = [name for name in every if name.startswith(self.topic_prefix)]
            if ours:
                answer = await admin.delete_topics(ours)
                if refused := [name for name, code in answer.topic_error_codes if code]:
                    raise KafkaError(f"refused: {', '.join(refused)}")
        finally:
            await admin.close()
