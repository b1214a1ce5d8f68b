"""What a signal to end does, and when."""

import pytest
from mmmflow_native.errors import StoppedError
from mmmflow_native.stop import Stop


def test_it_interrupts_what_is_under_way() -> None:
    stop = Stop()
    with pytest.raises(StoppedError):
        stop.ask(15, None)


def test_put_off_it_interrupts_when_it_is_heeded() -> None:
    stop = Stop()
    stop.put_off()
    stop.ask(15, None)
    assert stop.asked
    with pytest.raises(StoppedError):
        stop.heed()


def test_heeded_without_a_signal_it_interrupts_nothing_yet() -> None:
    stop = Stop()
    stop.put_off()
    stop.heed()
    with pytest.raises(StoppedError):
        stop.ask(15, None)


def test_a_second_signal_does_not_interrupt_the_writing() -> None:
    stop = Stop()
    with pytest.raises(StoppedError):
        stop.ask(15, None)
    stop.ask(15, None)
    assert stop.asked
