# SPDX-License-Identifier: Apache-2.0
"""Waiting for what happens, with a limit. The only place in the tests that sleeps."""

import time

POLL_S = 0.02
# Generous: a test that waits this long has failed, and a busy machine must not make it fail.
LIMIT_S = 30


class WaitedTooLong(AssertionError):
    pass


def wait_until(what, condition, seconds=LIMIT_S, still_worth_it=None, every=POLL_S):
    """Calls `condition` every so often until it returns something true, which is returned.

    `still_worth_it`, when given, raises as soon as waiting has become pointless (a process ended).
    """
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if still_worth_it:
            still_worth_it()
        if time.monotonic() > end:
            raise WaitedTooLong(f"waited {seconds} s for {what}")
        time.sleep(every)
