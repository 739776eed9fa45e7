"""What ends a command in order, and what does not."""

import os
import signal

from console.cli.stopping import cancel_on_signals


def test_a_terminal_that_is_closed_cancels() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with cancel_on_signals() as cancelled:
            os.kill(os.getpid(), signal.SIGHUP)
            assert cancelled()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_under_nohup_a_terminal_that_is_closed_cancels_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cancel_on_signals() as cancelled:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not cancelled()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
