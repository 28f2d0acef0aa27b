"""TLS and logins, against a broker that takes nothing else."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from hepscope_common.bus import SIGNALLING, TOPICS
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import StartupError, Supervisor
from integration.bus.traffic import PATIENCE_SECONDS, drain
from support.kafka import KafkaServer, running_kafka
from support.kafka_bus import running_bus, settings_of

USER, PASSWORD = "hepscope", "not-a-secret"
JAAS = "org.apache.kafka.common.security"


def _pkcs8(key: bytes) -> bytes:
    """Return a private key in the only form that Java reads."""
    return load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _chain(leaf: trustme.LeafCert) -> bytes:
    return b"".join(blob.bytes() for blob in leaf.cert_chain_pems)


class Certificates:
    """An authority, the broker's certificate and ours, as files."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.authority = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.authority)
        broker = authority.issue_cert("127.0.0.1")
        self.broker = folder / "broker.pem"
        self.broker.write_bytes(_pkcs8(broker.private_key_pem.bytes()) + _chain(broker))
        client = authority.issue_cert("hepscope.example")
        self.cert, self.key = folder / "client.pem", folder / "client.key"
        client.cert_chain_pems[0].write_to_path(self.cert)
        client.private_key_pem.write_to_path(self.key)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of this module."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def guarded(certificates: Certificates) -> Iterator[KafkaServer]:
    """A broker that wants TLS, a client certificate and a login."""
    plain = (
        f'{JAAS}.plain.PlainLoginModule required username="{USER}" password="{PASSWORD}"'
        f' user_{USER}="{PASSWORD}";'
    )
    scram = f'{JAAS}.scram.ScramLoginModule required username="{USER}" password="{PASSWORD}";'
    yield from running_kafka(
        protocol="SASL_SSL",
        options={
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(certificates.broker),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(certificates.authority),
            "ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.client.plain.sasl.jaas.config": plain,
            "listener.name.client.scram-sha-256.sasl.jaas.config": scram,
            "listener.name.client.scram-sha-512.sasl.jaas.config": scram,
        },
        format_arguments=[
            word
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for word in ("--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]")
        ],
    )


def secured(guarded: KafkaServer, certificates: Certificates, **values: object) -> BusSettings:
    """Return settings that the broker accepts, except for what is given."""
    return settings_of(
        guarded,
        **{
            "tls": True,
            "tls_ca_file": certificates.authority,
            "tls_cert_file": certificates.cert,
            "tls_key_file": certificates.key,
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": USER,
            "sasl_password": SecretStr(PASSWORD),
            **values,
        },
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_records_pass_over_tls_with_a_login(
    guarded: KafkaServer, certificates: Certificates, mechanism: str
) -> None:
    """Producer, readers and what makes the topics all log in."""
    settings = secured(guarded, certificates, sasl_mechanism=mechanism)
    async with running_bus(settings) as bus:
        await bus.producer().send(SIGNALLING, 0, b"a", 1)
        async with bus.consumer("writer", TOPICS) as consumer:
            (record,) = await drain(consumer, 1)
    assert record.value == b"a"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sasl_password": SecretStr("wrong")}, "uthentication failed"),
        ({"tls_ca_file": None}, "CERTIFICATE_VERIFY_FAILED"),
        ({"sasl_mechanism": "", "sasl_username": ""}, "onnect"),
    ],
)
async def test_why_the_broker_refuses_us_is_said(
    guarded: KafkaServer, certificates: Certificates, values: dict[str, object], reason: str
) -> None:
    """A wrong password or certificate is not waited out in silence, and is not shown."""
    settings = secured(guarded, certificates, **values)
    bus = KafkaBus(settings, CollectorRegistry(), Supervisor())
    entering = asyncio.create_task(bus.__aenter__())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while reason not in bus.ready()[1]:
            await asyncio.sleep(0.02)
    entering.cancel()
    await asyncio.wait([entering])
    assert PASSWORD not in repr(settings) + repr(bus.ready())


def test_certificates_that_cannot_be_read_end_the_start(
    guarded: KafkaServer, certificates: Certificates, tmp_path: Path
) -> None:
    """One line says what is wrong with them."""
    settings = secured(guarded, certificates, tls_ca_file=tmp_path / "missing.pem")
    with pytest.raises(StartupError, match="certificates of the bus"):
        KafkaBus(settings, CollectorRegistry(), Supervisor())
