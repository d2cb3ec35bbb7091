"""How long things may take between the hub and an OCPP station; a test hands in a quicker one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds by the hub's clock, except `answer_s`, `set_up_s` and `close_s`, which are the machine's."""

    boot_s: float = 3.0  # for a BootNotification after a connect; some stations send none
    ask_again_s: int = 30  # when a station that waits for its adoption sends its next BootNotification
    answer_s: float = 8.0  # for the answer to one call
    set_up_s: float = 30.0  # for all that is asked after a connect
    status_s: float = 3.0  # for statuses that were asked for
    lost_stop_s: float = 60.0  # Available without a StopTransaction: after this the transaction is over
    look_s: float = 5.0  # how often somebody looks for quiet sockets
    quiet_ping_s: float = 20.0  # silence after which a socket is pinged
    quiet_close_s: float = 150.0  # silence after which it is closed: two heartbeats and a half
    close_s: float = 1.0  # for the other end to answer a close
    deaf_after: int = 3  # so many orders in a row unanswered, from a station that answered orders before


PACE = Pace()
