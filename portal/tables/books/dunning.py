"""Reminders and graded suspension: what a cloud does when, and how far each customer is."""

from __future__ import annotations

from piccolo.columns import JSONB, Boolean, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class DunningPolicy(Table, tablename="dunning_policy"):
    """What a cloud does about invoices that are not paid; one without a row does the usual.

    `steps` are `{days, action}`; `texts` the cloud's own paragraphs of an e-mail step,
    `{days, action, text}`. `minimum` is in units of the cloud's currency.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    steps = JSONB()
    texts = JSONB(default="[]")
    minimum = col.price()
    notice_days = Integer()
    stops_for_questions = Boolean(default=True)
    dunning_policy_once = Unique([cloud])
    dunning_policy_minimum_in_range = Check("minimum >= 0")
    dunning_policy_notice_in_range = Check("notice_days between 0 and 365")


class DunningEpisode(Table, tablename="dunning_episode"):
    """From a customer's first invoice that counts until none does; one is open at a time.

    While it is open, analytics or cameras are off as it says. `lift_by_hand`: it has ended, and a
    person has to switch on again what a person switched off.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    opened_at = col.moment()
    ended_at = col.moment(null=True)
    analytics_off = Boolean(default=False)
    recording_off = Boolean(default=False)
    lift_by_hand = Boolean(default=False)


class DunningStep(Table, tablename="dunning_step"):
    """A step that an episode has come to; written before it is sent or switched.

    `at` is when it came to its `outcome`, of an e-mail when the mail server took it. `by_name` is
    who did it, where a person did.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    episode = col.belongs_to(DunningEpisode)
    days = Integer()
    action = Varchar(length=20)
    outcome = Varchar(length=8)
    at = col.moment()
    by_name = Varchar(length=254, default="")
    note = Text(default="")
    dunning_step_once = Unique([cloud, episode, days, action])
    dunning_step_action_known = Check(
        "action in ('remind', 'warn', 'suspend_analytics', 'suspend_recording', 'close')"
    )
    dunning_step_outcome_known = Check(
        "outcome in ('sent', 'retrying', 'failed', 'done', 'task', 'waiting', 'missed')"
    )


class DunningPause(Table, tablename="dunning_pause"):
    """Nothing is done about a customer before `until`; the last one counts."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    until = col.day()
    reason = Text()
    made_by = Varchar(length=254)
    made_at = col.moment()


class DunningTurn(Table, tablename="dunning_turn"):
    """When the customers of a cloud are looked at next, by the time of its books."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    due_at = col.moment()
    dunning_turn_once = Unique([cloud])
