"""Web pages: a browser on the sender's network must not send for a page that nobody allowed."""

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hepscope_common.settings import load
from hepscope_ingest.__main__ import IngestServiceSettings
from hepscope_ingest.settings import IngestSettings
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.http_world import OCTETS, PACKET, post, reading

SITE = "https://phone.example.org"


@pytest.fixture
async def rig(make_rig: MakeRig) -> AsyncIterator[Rig]:
    """An ingest that lets one site's pages send."""
    async with make_rig(http=ANY, http_origins=f"{SITE}/,http://Kiosk.example.org:80") as made:
        yield made


FOREIGN = [
    "https://evil.example",
    "null",
    "",
    f"{SITE}.evil.example",
    f"{SITE}:8443",
    "http" + SITE[5:],
]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_another_site_is_refused(rig: Rig, origin: str) -> None:
    """403 for requests of any kind, and for WebSockets, before anything of them is taken."""
    answer = await post(rig, PACKET, {"Origin": origin})
    assert (answer.status_code, answer.json()["accepted"]) == (403, 0)
    assert "access-control-allow-origin" not in answer.headers
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = await client.options(f"http://{rig.http}/hep", headers=asked)
    assert preflight.status_code == 403
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://{rig.http}/ws", additional_headers={"Origin": origin}):
            pass
    assert caught.value.response.status_code == 403
    assert rig.count("refused_total", reason="origin") == 3
    assert rig.count("received_total", transport="http") == 0
    assert rig.on_bus() == []


async def test_two_origins_must_both_be_allowed(rig: Rig) -> None:
    """Nobody hides one behind the other."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        headers = [*OCTETS.items(), ("Origin", SITE), ("Origin", "https://evil.example")]
        answer = await client.post(f"http://{rig.http}/hep", content=PACKET, headers=headers)
    assert answer.status_code == 403


async def test_nothing_is_allowed_by_default(make_rig: MakeRig) -> None:
    """Not even pages of this machine; whoever names no origin is no browser."""
    async with make_rig(http=ANY) as rig, reading(rig):
        answer = await post(rig, PACKET, {"Origin": f"http://{rig.http}"})
        assert answer.status_code == 403
        assert (await post(rig, PACKET)).status_code == 200


async def test_a_page_of_an_allowed_site_sends(rig: Rig) -> None:
    """After it has asked, with a key if it needs one; the browser lets it read the answer."""
    async with reading(rig), httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        for site in (SITE, "http://kiosk.example.org"):
            asked = {
                "Origin": site,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type,x-hep-auth",
            }
            preflight = await client.options(f"http://{rig.http}/hep", headers=asked)
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-origin"] == site
            answer = await post(rig, PACKET, {"Origin": site})
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == site
            async with opened(rig, site) as connection:
                await connection.send(PACKET)
        await rig.until(lambda: rig.count("received_total", transport="ws") == 2)
    assert rig.count("refused_total", reason="origin") == 0


def opened(rig: Rig, site: str) -> connect:
    """A WebSocket as a page of a site opens it."""
    return connect(f"ws://{rig.http}/ws", additional_headers={"Origin": site})


@pytest.mark.parametrize("text", ["*", "phone.example.org", "https://", "https://a/b", "ftp://a"])
def test_what_is_no_origin_is_a_wrong_setting(text: str) -> None:
    """A browser would never say it."""
    with pytest.raises(ValueError, match="expected https://host or https://host:port"):
        IngestSettings.model_validate({"http_origins": text})


def test_every_transport_is_on_unless_it_is_turned_off() -> None:
    """Ports as they are written everywhere; empty turns one off."""
    ingest = load(IngestServiceSettings, environ={}).ingest
    shown = [str(one) for one in (*ingest.udp, *ingest.tcp, *ingest.tls, *ingest.http)]
    assert shown == ["[::]:9060", "[::]:9060", "[::]:9061", "[::]:9062"]
    off = load(
        IngestServiceSettings,
        environ={"HEPSCOPE_INGEST__TLS": "", "HEPSCOPE_INGEST__HTTP": ""},
    ).ingest
    assert (off.tls, off.http) == ((), ())
