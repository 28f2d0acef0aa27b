"""Settings files: what may stand in them, and what is said of what may not."""

from pathlib import Path

import pytest

from hepscope_capture.settings.file import from_file
from hepscope_capture.settings.given import Given
from hepscope_capture.settings.plans import rule_plan, server_plans
from hepscope_capture.settings.settings import load

FILE = """
[store]
host = "another service's"

[capture]
interface = ["eth1", "eth2"]
ports = [5060, "5080-5090"]
node_id = 7
promiscuous = true
node = ""
auth_key_file = "{key}"

[capture.filters]
exclude_methods = "OPTIONS,NOTIFY"
sources = ["10.0.0.0/8", "2001:db8::/32"]
exclude_payload = ["a,b", "friendly-scanner"]

[capture.masks]
users = "hash"
key = "secret"

[[capture.servers]]
url = "tcp://10.0.0.5:9060"
only = ["sip", "rtcp"]
compress = true

[[capture.servers]]
url = ["tls://a.example.org", "tls://b.example.org"]
ca = "/etc/ca bundle&more.pem"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with everything in it, and the key that it names."""
    key = tmp_path / "key"
    key.write_text("sesame\n")
    path = tmp_path / "hepscope.toml"
    path.write_text(FILE.format(key=key))
    return path


def test_what_it_gives(path: Path) -> None:
    """By option, with the place of each; an empty text is not set."""
    found = from_file(path)
    assert found["interface"] == Given(("eth1", "eth2"), f"{path}: capture.interface")
    assert found["auth_key"] == Given(("sesame",), f"{path}: capture.auth_key_file")
    assert found["exclude_methods"].origin == f"{path}: capture.filters.exclude_methods"
    assert "node" not in found


def test_an_empty_text_sets_nothing(tmp_path: Path) -> None:
    """As an empty variable; an empty list does."""
    path = tmp_path / "hepscope.toml"
    path.write_text("[capture]\nsend = ''\nnode = ''\nports = []\n")
    assert list(from_file(path)) == ["ports"]


def test_what_it_means(path: Path) -> None:
    """Values of each form, and servers as tables."""
    settings = load({}, path, {})
    assert settings["ports"] == {5060, *range(5080, 5091)}
    assert (settings["node_id"], settings["promiscuous"]) == (7, True)
    rules = rule_plan(settings)
    assert rules.exclude_methods == {"OPTIONS", "NOTIFY"}
    assert [str(one) for one in rules.sources] == ["10.0.0.0/8", "2001:db8::/32"]
    assert rules.exclude_payload == (b"a,b", b"friendly-scanner")
    assert (rules.masks.users, rules.masks.key) == ("hash", b"secret")
    first, second = server_plans(settings)
    assert (first.name, first.is_compressed) == ("tcp://10.0.0.5:9060", True)
    assert first.kinds == frozenset({1, 5})
    assert second.name == "tls://a.example.org:9061|tls://b.example.org:9061"
    assert second.trust.ca == Path("/etc/ca bundle&more.pem")


def test_the_order_of_sources(path: Path) -> None:
    """Command line before environment before file before default."""
    environ = {"HEPSCOPE_CAPTURE__NODE_ID": "8", "HEPSCOPE_CAPTURE__NODE": "edge"}
    command = {"node": Given(("other",), "--node")}
    settings = load(command, path, environ)
    assert (settings["node_id"], settings["node"], settings["ring_mb"]) == (8, "other", 20)
    assert settings.given["node_id"].origin == "HEPSCOPE_CAPTURE__NODE_ID"
    assert settings.is_set("node_id")
    assert not settings.is_set("ring_mb")


def test_files_to_read_leave_the_wire_alone(path: Path) -> None:
    """The settings of the machine's live capture do not forbid a replay."""
    settings = load({"read": Given(("a.pcap",), "--read")}, path, {})
    assert (settings["read"], settings["interface"]) == (("a.pcap",), ())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[capture]\nnode_ids = 7", "capture.node_ids is no setting (is it node_id?)"),
        ("[capture]\nexclude-methods = 'X'", "(is it exclude_methods of [capture.filters]?)"),
        ("[capture.filters]\nring-mb = 1", "(is it ring_mb of [capture]?)"),
        ("interface = 'eth0'\n[capture]", "interface stands before [capture], not in it"),
        ("[capture]\nread = 'a.pcap'", "capture.read is no setting"),
        ("[capture.filter]\nmethods = 'X'", "capture.filter: text is wanted"),
        ("[capture.filtres]\nmethods = 'X'", "capture.filtres is no setting (is it filters?)"),
        ("[capture.filters]\nmethod = 'X'", "capture.filters.method is no setting"),
        ("[capture]\nnode_id = true", "capture.node_id: a number is wanted, not True"),
        ("[capture]\nnode_id = 'x'", "capture.node_id: a node id is a number"),
        ("[capture]\nnode_id = [1]", "capture.node_id: a number is wanted"),
        ("[capture]\npromiscuous = 1", "capture.promiscuous: true or false is wanted"),
        ("[capture]\nnode_file = 'x'", "capture.node_file is no setting"),
        ("[capture]\nauth_key_file = '/no/where'", "/no/where: No such file"),
        ("[[capture.servers]]\nonly = 'sip'", "capture.servers: url is a URL"),
        ("[[capture.servers]]\nurl = 'tcp://a'\nurls = 1", "capture.servers.urls is no setting"),
        ("[[capture.servers]]\nurl = 'tcp://a'\ncompress = 0.5", "capture.servers.compress: 0.5"),
        ("[[capture.servers]]\nurl = 'http://a'", "capture.servers: 'http://a' must start with"),
        ("[capture.logs]\npatterns = ['([[a]+)']", "capture.logs.patterns: '([[a]+)': no regular"),
        ("[capture.filters]\nexclude_payload = ['']", "an empty text occurs everywhere"),
        ("capture = 1", "capture is no table"),
        ("[capture", "settings file"),
    ],
)
def test_what_cannot_be(tmp_path: Path, text: str, fault: str) -> None:
    """The line names the key."""
    path = tmp_path / "hepscope.toml"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        from_file(path)
    assert fault in str(caught.value)


def test_every_mistake_is_told(tmp_path: Path) -> None:
    """At once, not one after the other."""
    path = tmp_path / "hepscope.toml"
    path.write_text("[capture]\nring_mb = 0\nsnap = 1\n[capture.masks]\nusers = 'x'")
    with pytest.raises(ValueError, match=r"ring_mb.*snap.*masks\.users"):
        from_file(path)


def test_a_secret_is_given_once(path: Path) -> None:
    """By itself or by a file, which holds something; no message shows it."""
    text = path.read_text().replace("[capture]", "[capture]\nauth_key = 'sesame'")
    path.write_text(text)
    with pytest.raises(ValueError, match="auth_key_file is set twice") as caught:
        from_file(path)
    assert "sesame" not in str(caught.value)
    path.with_name("key").write_text("\n")
    with pytest.raises(ValueError, match="key is empty"):
        from_file(path)
