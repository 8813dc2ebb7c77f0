"""When an event is told again, and what a receiver verifies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from portal.gateways.webhooks import headers
from portal.values.webhooks import WAIT_MAX, WAITS, Outgoing, wait_after

CHANCE = st.floats(0, 1)


@given(st.integers(1, len(WAITS)), CHANCE, st.none() | st.floats(0, 1e9))
def test_a_wait_is_that_of_the_schedule_or_longer_where_it_is_asked_for(
    tries: int, chance: float, asked: float | None
) -> None:
    """Within a tenth of the schedule; Retry-After makes it longer, up to a day, never shorter."""
    wait = wait_after(tries, chance, asked)
    assert wait is not None
    planned = WAITS[tries - 1]
    assert wait >= 0.9 * planned
    assert wait <= max(1.1 * planned + 1e-6, min(asked or 0, WAIT_MAX))
    assert wait >= min(asked or 0, WAIT_MAX)


@given(st.integers(), CHANCE)
def test_there_are_ten_tries(tries: int, chance: float) -> None:
    """At once and nine times more: after the tenth it is given up."""
    assert (wait_after(tries, chance) is None) == (tries not in range(1, 10))


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    """And no third one, nor a body that somebody has changed."""
    old, new, other = (f"whsec_{letter * 43}=" for letter in "abc")
    hook = Outgoing("north", "https://erp.test/", "evt_1", b'{"type":"webhook.test"}', (new, old))
    sent = headers(hook, datetime.now(UTC))
    for secret in (old, new):
        assert Webhook(secret).verify(hook.body, sent) == {"type": "webhook.test"}
    for secret, body in ((other, hook.body), (new, hook.body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, sent)
