"""What the files of deploy/compose say about a service, as Compose itself understands them."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[2] / "deploy" / "compose"
ASK_SECONDS = 180

Service = Mapping[str, Any]


class ComposeFileError(RuntimeError):
    """Compose does not understand its files, or is not there."""


def read_services(settings: Mapping[str, str]) -> Mapping[str, Service]:
    """Return the services by name; ``settings`` win over .env. Raises ComposeFileError."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEPSCOPE_")}
    try:
        done = subprocess.run(
            ["docker", "compose", "--file", "compose.yaml", "config", "--format", "json"],
            cwd=DIRECTORY,
            env={**kept, "COMPOSE_PROFILES": "", **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=ASK_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ComposeFileError(f"docker compose config: {error}") from None
    if done.returncode != 0:
        raise ComposeFileError(f"docker compose config: {done.stderr.strip()}")
    services: Mapping[str, Service] = json.loads(done.stdout)["services"]
    return services


def hardening_of(service: Service) -> list[str]:
    """Return how a service is locked in, as options of ``docker run``."""
    words = ["--pids-limit", str(service["pids_limit"])]
    words += ["--read-only"] if service["read_only"] else []
    words += [word for name in service["cap_drop"] for word in ("--cap-drop", name)]
    words += [word for text in service["security_opt"] for word in ("--security-opt", text)]
    words += [word for text in service["tmpfs"] for word in ("--tmpfs", text)]
    words += ["--user", service["user"]] if "user" in service else []
    words += ["--shm-size", service["shm_size"]] if "shm_size" in service else []
    return words
