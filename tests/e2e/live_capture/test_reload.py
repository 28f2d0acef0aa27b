"""SIGHUP: the settings are read again, and nothing is lost meanwhile."""

import os
import signal
from pathlib import Path

from support.frames import make_invite
from support.live_capture import AckingSink
from support.live_wire import capturing, options, send_datagrams
from support.namespaces import ALICE, Namespace
from support.service import until


def settings(ports: str, excluded: str) -> str:
    """A settings file."""
    return f'[capture]\nports = "{ports}"\n[capture.filters]\nexclude_methods = ["{excluded}"]\n'


def test_ports_and_filters(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """New ones are in force at once; the captured packets before and behind are all there."""
    alice, bob = wire
    config = tmp_path / "hepscope.toml"
    config.write_text(settings("5060", "INVITE"))
    invite = make_invite("call-7", ALICE, 4000)
    with capturing(bob, sink, "--config", str(config)) as capture:
        send_datagrams(alice, options(3, "elsewhere"), port=5070)
        send_datagrams(alice, [invite, *options(3, "before")])
        sink.wait_for(3)
        until(lambda: capture.metric("refused_total", rule="method") == 1, "a refusal")
        config.write_text(settings("5060,5070", "OPTIONS"))
        capture.process.send_signal(signal.SIGHUP)
        until(lambda: capture.said("the settings were read again"), "a reload")
        send_datagrams(alice, [invite, *options(2, "behind")])
        send_datagrams(alice, [invite], port=5070)
        sink.wait_for(5)
        until(lambda: capture.metric("refused_total", rule="method") == 3, "refusals of both")
        assert capture.end() == 0, capture.log
    assert sink.payloads == [*options(3, "before"), invite, invite]


def test_settings_that_cannot_be_leave_all_as_it_is(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """It is told, and the capture goes on; so it does when a setting needs a restart."""
    alice, bob = wire
    config = tmp_path / "hepscope.toml"
    config.write_text(settings("5060", "INVITE"))
    with capturing(bob, sink, "--config", str(config)) as capture:
        config.write_text(settings("five", "INVITE"))
        capture.process.send_signal(signal.SIGHUP)
        until(lambda: capture.said("the settings stay as they are"), "a refusal")
        config.write_text(settings("5060", "INVITE") + "[capture.relay]\nreplace_key = true\n")
        capture.process.send_signal(signal.SIGHUP)
        until(lambda: capture.said("only after a restart: relay_replace_key"), "a warning")
        send_datagrams(alice, options(3))
        sink.wait_for(3)
        assert capture.end() == 0, capture.log


def test_a_worker_that_is_replaced_has_the_settings_of_now(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """Not those of the start, before a mask or a filter was asked for."""
    alice, bob = wire
    config = tmp_path / "hepscope.toml"
    config.write_text(settings("5060", "INVITE"))
    with capturing(bob, sink, "--config", str(config), "--workers", "2") as capture:
        until(lambda: capture.metric("workers") == 2, "two workers")
        config.write_text(settings("5060", "OPTIONS"))
        capture.process.send_signal(signal.SIGHUP)
        until(lambda: capture.log.count("the settings were read again") == 2, "two reloads")
        pid = capture.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[:2]
        for number, worker in enumerate(workers, 1):
            os.kill(int(worker), signal.SIGKILL)
            until(lambda: capture.metric("worker_restarts_total") == number, "an end")  # noqa: B023
            until(lambda: capture.metric("workers") == 2, "another worker")
        for port in range(6000, 6010):
            send_datagrams(alice, options(2, f"behind-{port}"), source_port=port)
        until(lambda: capture.metric("refused_total", rule="method") == 20, "refusals of both")
        assert capture.end() == 0, capture.log
    assert sink.payloads == []
