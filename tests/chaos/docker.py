"""The ``docker`` command, and whether an image can be had by it."""

import asyncio
import os
import shutil
import subprocess

ASK_SECONDS = 60
PULL_SECONDS = 300
COMMAND_SECONDS = 180
"""On a machine with other work to do a removal alone may take half a minute."""


class DockerError(RuntimeError):
    """A command failed; the message is what it said."""


def run(*words: str, seconds: float = COMMAND_SECONDS, with_errors: bool = False) -> str:
    """Return what ``docker WORDS`` wrote, at both ends if asked for. Raises DockerError."""
    program = shutil.which("docker")
    if program is None:
        raise DockerError("no docker command")
    try:
        done = subprocess.run(
            [program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            # Ctrl-C is for the run, which then ends its container.
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DockerError(f"docker {words[0]}: {error}") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise DockerError(f"docker {words[0]}: {said[-1]}")
    return (done.stdout + done.stderr if with_errors else done.stdout).strip()


async def run_apart(
    *words: str, seconds: float = COMMAND_SECONDS, with_errors: bool = False
) -> str:
    """Return what ``docker WORDS`` wrote while the event loop turns. Raises DockerError."""
    return await asyncio.to_thread(run, *words, seconds=seconds, with_errors=with_errors)


def require_image(image: str) -> None:
    """Return when a daemon answers and has the image, pulled if need be. Raises DockerError."""
    run("version", "--format", "{{.Server.Version}}", seconds=ASK_SECONDS)
    try:
        run("image", "inspect", image, seconds=ASK_SECONDS)
    except DockerError:
        run("pull", "--quiet", image, seconds=PULL_SECONDS)


def remove_abandoned(label: str) -> None:
    """Remove containers whose label names a process that is gone, as after a kill -9 of a run."""
    form = f'{{{{.ID}}}} {{{{.Label "{label}"}}}}'
    for line in run("ps", "--all", "--filter", f"label={label}", "--format", form).splitlines():
        container, _, pid = line.partition(" ")
        if pid.isdigit() and not exists(int(pid)):
            run("rm", "--force", "--volumes", container)


def exists(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
