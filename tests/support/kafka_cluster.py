"""Three brokers on loopback. The first is the controller, too, and must live; others may be killed.

So with one broker left the cluster still decides: it takes the dead out of the replicas in sync,
and what then refuses producers is min.insync.replicas, not the want of a quorum.
"""

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.kafka import (
    CannotStartError,
    KafkaServer,
    free_port,
    scratch_directory,
    without_broker,
)

NODES = (1, 2, 3)


@dataclass(frozen=True)
class KafkaCluster:
    """Its nodes, all of them running when a test begins."""

    nodes: Sequence[KafkaServer]
    """The controller first."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address of each node."""
        return tuple(node.bootstrap for node in self.nodes)

    @property
    def bootstrap(self) -> str:
        """All addresses, comma-separated."""
        return ",".join(self.addresses)

    def launch(self) -> None:
        """Start the nodes that do not run, without waiting for them."""
        for node in self.nodes:
            if node.process is None:
                node.launch()

    def wait_until_ready(self) -> None:
        """Return once every node answers."""
        for node in self.nodes:
            node.wait_until_ready()

    async def restart(self) -> None:
        """Start the nodes that were killed while the event loop turns."""
        self.launch()
        await asyncio.to_thread(self.wait_until_ready)


def running_cluster() -> Iterator[KafkaCluster]:
    """Yield three started brokers and end them; the body of a fixture. Skips or fails without."""
    with scratch_directory() as directory:
        cluster = None
        try:
            cluster = _cluster_in(Path(directory))
            cluster.launch()
            cluster.wait_until_ready()
        except (CannotStartError, OSError, subprocess.SubprocessError) as error:
            _kill(cluster)
            without_broker(f"no Kafka for tests: {error}")
        assert cluster is not None
        yield cluster
        _kill(cluster)


def _cluster_in(directory: Path) -> KafkaCluster:
    controller_port = free_port()
    nodes: list[KafkaServer] = []
    for number in NODES:
        port = free_port()
        options = {
            "node.id": str(number),
            "controller.quorum.voters": f"{NODES[0]}@127.0.0.1:{controller_port}",
            "offsets.topic.replication.factor": str(len(NODES)),
        }
        if nodes:
            options |= {"process.roles": "broker", "listeners": f"CLIENT://127.0.0.1:{port}"}
        folder = directory / str(number)
        folder.mkdir()
        nodes.append(KafkaServer(folder, options, port=port, controller_port=controller_port))
    return KafkaCluster(nodes)


def _kill(cluster: KafkaCluster | None) -> None:
    """End what runs; one broker alone would wait long for a controller to let it go."""
    for node in cluster.nodes if cluster is not None else ():
        if node.process is not None:
            node.kill()
