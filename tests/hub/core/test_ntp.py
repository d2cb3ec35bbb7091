"""What the kernel says of the clock, whatever that is on this machine."""

from hub.core.ntp import clock_state, clock_synced


def test_the_kernel_is_asked() -> None:
    state = clock_state()
    assert state is not None
    assert clock_synced() is state.synced
    assert 0 <= state.within_s <= 3600
