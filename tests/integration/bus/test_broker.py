"""The test broker itself: what other tests rely on when they harm it."""

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from support.kafka import KafkaServer


async def cluster_and_topics(server: KafkaServer, *new: NewTopic) -> tuple[str, list[str]]:
    """Create topics, then return the cluster id and the names of all."""
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await admin.start()
    try:
        if new:
            await admin.create_topics(list(new))
        return (await admin.describe_cluster())["cluster_id"], await admin.list_topics()
    finally:
        await admin.close()


async def test_a_killed_broker_comes_back_with_what_it_had(mortal_kafka: KafkaServer) -> None:
    """Same address, same cluster id, same topics."""
    before = await cluster_and_topics(mortal_kafka, NewTopic("kept", 3, 1))
    async with AIOKafkaProducer(bootstrap_servers=mortal_kafka.bootstrap) as producer:
        await producer.send_and_wait("kept", b"x")

    mortal_kafka.kill()
    mortal_kafka.start()

    assert await cluster_and_topics(mortal_kafka) == before
