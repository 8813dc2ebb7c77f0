"""Forms of cards: a cloud's account at the gateway, and what is asked of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

from portal.billing.cards.trying import ChargeOn
from portal.errors import Invalid
from portal.kit.forms.form import ListOf
from portal.values.cards import WEBHOOK_SECRETS_MAX
from portal.values.kinds import Choice, Text
from portal.words import _

SECRET_KEY: Final = Text(255, example="sk_test_…")
WEBHOOK_SECRET: Final = Text(255, example="whsec_…")
CHARGE_ON: Final = Choice(tuple(ChargeOn))
_KEY: Final = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,240}", re.ASCII)
_WEBHOOK: Final = re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,240}", re.ASCII)
INVOICE: Final = Text(40, example="NORTH-2026-000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayForm:
    """A cloud's account at Stripe. What is secret and not sent stays as it is.

    Of `webhook_secrets` there are two while one is replaced by another.
    """

    secret_key: Annotated[str | None, SECRET_KEY] = None
    webhook_secrets: Annotated[
        tuple[str, ...] | None, ListOf(WEBHOOK_SECRET, WEBHOOK_SECRETS_MAX)
    ] = None
    charge_on: Annotated[str, CHARGE_ON] = ChargeOn.DUE.value

    def __post_init__(self) -> None:
        wrong: dict[str, str] = {}
        if self.secret_key is not None and not _KEY.fullmatch(self.secret_key):
            wrong["secret_key"] = _("must be a secret key of Stripe: sk_… or rk_…")
        for place, secret in enumerate(self.webhook_secrets or ()):
            if not _WEBHOOK.fullmatch(secret):
                wrong[f"webhook_secrets[{place}]"] = _("must be a signing secret: whsec_…")
        if wrong:
            raise Invalid(wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFilter:
    """Charges of an invoice."""

    invoice: Annotated[str | None, INVOICE] = None
