"""Several processes that share the traffic, below one that keeps them alive.

Each worker captures the kernel's share of the packets (PACKET_FANOUT) and delivers it itself. The
process above captures nothing: it starts a worker again that ended by itself, passes on what one
of them learned of media, and takes their counts to the process that answers on the ops port. It
has no threads, so that it can make processes at any time.
"""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hepscope_capture.live.line import Line, Sort, pair
from hepscope_common.logs import Throttle, get_logger

# Until a worker is started again that ended by itself; doubled while that goes on.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
# One that has run for so long had no trouble in beginning.
_SOUND_SECONDS = 60.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

_log = get_logger("capture.fleet")
_throttle = Throttle(_log)

Main = Callable[[Line], int]
"""What a process does, with its line to the one above; returns its exit code."""


@dataclass(slots=True)
class _Post:
    """A place for a process, whichever holds it now."""

    name: str
    main: Main
    is_worker: bool = True
    line: Line | None = None
    pid: int = 0
    started_at: float = 0.0
    due_at: float = 0.0  # when it is to be started, while it is not running
    pause: float = FIRST_PAUSE_SECONDS
    is_ready: bool = False  # has it ever captured


@dataclass(slots=True)
class Fleet:
    """Runs workers, and a reporter that gets their counts, until a signal."""

    workers: list[_Post] = field(default_factory=list)
    reporter: _Post | None = None
    on_hang_up: Callable[[], None] = lambda: None
    """Called after SIGHUP, which the workers get, too: one that is started later has not."""
    _is_ending: bool = False
    _code: int = 0
    _signals: list[int] = field(default_factory=list)

    def add_worker(self, name: str, main: Main) -> None:
        """Have another worker."""
        self.workers.append(_Post(name, main))

    def set_reporter(self, main: Main) -> None:
        """Have a process that is told the workers' counts."""
        self.reporter = _Post("reporter", main, is_worker=False)

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; return the worst exit code of the workers.

        A worker that cannot begin ends all of them.
        """
        bell, rope = socket.socketpair()
        bell.setblocking(False)
        rope.setblocking(False)
        signal.set_wakeup_fd(rope.fileno(), warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda number, _: self._signals.append(number))
        try:
            while self._turn(bell):
                pass
        finally:
            signal.set_wakeup_fd(-1)
            bell.close()
            rope.close()
        return self._code

    @property
    def _posts(self) -> list[_Post]:
        return [*self.workers, *([self.reporter] if self.reporter else [])]

    def _turn(self, bell: socket.socket) -> bool:
        """Do what is due and wait for more; return whether to go on."""
        while self._signals:
            self._obey(self._signals.pop(0))
        self._reap()
        if not any(one.pid for one in self.workers) and self._is_ending:
            self._dismiss_reporter()
            return False
        now = time.monotonic()
        if not self._is_ending:
            for post in self._posts:
                if not post.pid and now >= post.due_at:
                    self._start(post)
        poll = select.poll()
        poll.register(bell, select.POLLIN)
        for post in self._posts:
            if post.line is not None:
                poll.register(post.line, post.line.events)
        poll.poll(self._seconds_left(now) * 1000)
        with contextlib.suppress(BlockingIOError):
            bell.recv(4096)
        self._pass_on()
        return True

    def _seconds_left(self, now: float) -> float:
        due = [one.due_at - now for one in self._posts if not one.pid]
        return max(min(due, default=60.0), 0.01) if not self._is_ending else 60.0

    def _obey(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._is_ending = True
            number = signal.SIGTERM
        elif number == signal.SIGHUP:
            self.on_hang_up()
        else:
            return
        for post in self.workers:
            if post.pid:
                os.kill(post.pid, number)

    def _start(self, post: _Post) -> None:
        ours, theirs = pair()
        # A signal that the new process took by our handlers would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if not pid:
            # With this end open, too, it would never hear that the process above is gone.
            ours.close()
            self._become(post, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        theirs.close()
        post.line, post.pid, post.started_at = ours, pid, time.monotonic()

    def _become(self, post: _Post, line: Line) -> None:
        """Be the new process; does not return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            for other in self._posts:
                if other.line is not None:
                    other.line.close()
            code = post.main(line)
        except BaseException:  # noqa: BLE001 - nothing above it would tell
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        for post in self._posts:
            if not post.pid:
                continue
            pid, status = os.waitpid(post.pid, os.WNOHANG)
            if pid:
                self._pass_on()
                self._note_end(post, os.waitstatus_to_exitcode(status))

    def _note_end(self, post: _Post, code: int) -> None:
        assert post.line is not None
        post.line.close()
        post.line, post.pid = None, 0
        if post.is_worker:
            self._tell(Sort.ENDED, post)
        if self._is_ending:
            if post.is_worker:
                # A worker that has not begun has no other way to obey than this.
                is_early = code == -signal.SIGTERM and not post.is_ready
                self._code = max(self._code, 0 if is_early else code if code >= 0 else 1)
            return
        if post.is_worker and code == 2 and not post.is_ready:
            # It has told why.
            self._code = 2
            self._is_ending = True
            self._obey(signal.SIGTERM)
            return
        now = time.monotonic()
        if now - post.started_at >= _SOUND_SECONDS:
            post.pause = FIRST_PAUSE_SECONDS
        post.due_at = now + post.pause
        post.pause = min(post.pause * 2, LONGEST_PAUSE_SECONDS)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        _log.error("%s has ended by %s; it is started again", post.name, how)

    def _pass_on(self) -> None:
        """Give what the workers say to those who want it."""
        for post in self.workers:
            if post.line is None:
                continue
            for sort, data in post.line.receive():
                if sort is Sort.READY:
                    self._welcome(post)
                elif sort is Sort.NEWS:
                    for other in self.workers:
                        if other is post or other.line is None:
                            continue
                        if not other.line.send(sort, data):
                            _throttle.warning(
                                other.name, "%s does not hear what others learn", other.name
                            )
                elif sort is Sort.SNAPSHOT:
                    self._tell(Sort.REPORT, post, data)

    def _welcome(self, post: _Post) -> None:
        """Have a worker that has begun told what the others know."""
        post.is_ready = True
        knowing = [one for one in self.workers if one is not post and one.is_ready and one.line]
        if knowing and knowing[0].line is not None:
            knowing[0].line.send(Sort.ASKED)

    def _tell(self, sort: Sort, post: _Post, data: bytes = b"") -> None:
        if self.reporter is not None and self.reporter.line is not None:
            number = self.workers.index(post)
            self.reporter.line.send(sort, bytes((number,)) + data)

    def _dismiss_reporter(self) -> None:
        post = self.reporter
        if post is not None and post.pid:
            os.kill(post.pid, signal.SIGTERM)
            os.waitpid(post.pid, 0)
            post.pid = 0
