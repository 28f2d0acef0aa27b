"""How the hepscope command ends when its output or its user goes away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.frames import pcap, sip_frame
from support.sinks import UdpSink

COMMAND = [sys.executable, "-m", "hepscope_standalone"]
FULL = Path("/dev/full")
PIPE_BYTES = 4096
# What the user's own environment says of buffers decides when a full disk is noticed.
ENVIRON = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}


def refused(arguments: list[str], directory: Path, **environ: str) -> bytes:
    """Run a command that cannot write its output; return what it says of that."""
    if not FULL.exists():
        pytest.skip("this machine has no /dev/full")
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=directory,
            env={**ENVIRON, **environ},
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    return done.stderr


NO_SPACE = b"hepscope: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("arguments", [["check-config"], ["--help"], ["demo", "--help"]])
def test_output_to_a_full_disk_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    """Exit code 1, and no traceback of the end of Python either."""
    assert refused(arguments, tmp_path) == NO_SPACE


def test_output_that_fails_at_once_is_one_line(tmp_path: Path) -> None:
    """Without a buffer it fails inside the command, not after it."""
    assert refused(["check-config"], tmp_path, PYTHONUNBUFFERED="1") == NO_SPACE


def test_a_replay_whose_summary_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """Everything was sent all the same."""
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap([(1_700_000_000_000_000, sip_frame())]))
    with UdpSink() as sink:
        target = f"udp://127.0.0.1:{sink.port}"
        said = refused(["capture", "--read", str(path), "--send", target], tmp_path)
        assert len(sink.packets(1)) == 1
    assert said == NO_SPACE


def test_without_any_output_a_command_does_its_work(tmp_path: Path) -> None:
    """As with ``hepscope check-config >&-``."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "check-config"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=ENVIRON,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("module", ["argparse", "asyncio", "hepscope_ingest.component"])
def test_ctrl_c_while_modules_are_loaded_is_no_traceback(tmp_path: Path, module: str) -> None:
    """Exit code 130, at whatever import it comes."""
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", *COMMAND[1:], "run", "--data-dir", str(tmp_path)],
        stderr=subprocess.PIPE,
        env=ENVIRON,
        # However long we wait for the processor, it is some modules ahead and then waits for us.
        bufsize=0,
        pipesize=PIPE_BYTES,
    )
    assert process.stderr is not None
    with process:
        for line in process.stderr:
            if line.split(b"|")[-1].strip() == module.encode():
                break
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().decode()

    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
