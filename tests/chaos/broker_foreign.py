"""A broker that somebody else runs: used with a prefix of the run's own, and left as it was."""

import asyncio
import secrets
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chaos.broker import first_address
from chaos.parts import Part
from support.kafka import CannotStartError, answers

DELETE_SECONDS = 30.0


class ForeignBroker:
    """Kafka at an address; nothing is done to it but to make topics, and to delete them."""

    def __init__(self, bootstrap: str) -> None:
        self.title = f"Kafka at {bootstrap}, which is not ours to break"
        self.topic_prefix = f"chaos-{secrets.token_hex(4)}."
        self._bootstrap = bootstrap
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
        return answers(self._port, host=self._host)

    async def open(self) -> None:
        """Look whether it is there. Raises CannotStartError."""
        if not await asyncio.to_thread(self.is_answering):
            raise CannotStartError(f"no Kafka answers at {self._bootstrap}")

    async def close(self, log: Path) -> None:
        """Delete the topics of the run; its groups, then empty, expire by themselves.

        Raises KafkaError when they could not be deleted, which somebody must know.
        """
        del log
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        async with asyncio.timeout(DELETE_SECONDS):
            await admin.start()
            try:
                ours = [
                    name for name in await admin.list_topics() if name.startswith(self.topic_prefix)
                ]
                if ours:
                    answer = await admin.delete_topics(ours)
                    refused = [name for name, code in answer.topic_error_codes if code]
                    if refused:
                        raise KafkaError(f"topics not deleted: {', '.join(refused)}")
            finally:
                await admin.close()
