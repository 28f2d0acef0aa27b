"""What the files of deploy/compose say is what containers of a run are started with."""

from chaos.compose_file import hardening_of, read_services
from chaos.maker_containers import DATABASE, SERVICES, SMALL
from support.docker import need_docker


def test_hardening_becomes_options() -> None:
    """Nothing is locked in less than Compose does it."""
    service = {
        "pids_limit": 7,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "tmpfs": ["/tmp:size=1m"],
        "user": "9:9",
    }
    assert hardening_of(service) == [
        *("--pids-limit", "7", "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges:true", "--tmpfs", "/tmp:size=1m", "--user", "9:9"),
    ]


def test_every_service_of_the_files_is_locked_in() -> None:
    """Read by Compose itself; sizes are those that were asked for."""
    need_docker()
    services = read_services(SMALL)
    for name in {DATABASE, *SERVICES.values()}:
        words = hardening_of(services[name])
        assert {"--read-only", "ALL", "no-new-privileges:true"} <= set(words), name
    assert f"shared_buffers={SMALL['POSTGRES_SHARED_BUFFERS']}" in services[DATABASE]["command"]
    assert "--data-checksums" in services[DATABASE]["environment"]["POSTGRES_INITDB_ARGS"]
