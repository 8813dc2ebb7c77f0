"""The people and things of every story.

North (EUR, Europe/Rome) is Nora's cloud: Sue is her subscriber, referred by Rex; Ann manages Sue's
account, Carl keeps North's books. South (USD, America/New_York) is Sam's. Ada runs the platform, Paul
keeps its books, Max is responsible for North.
"""

from __future__ import annotations

from portal.access import Actor, Role

ADA = Actor(Role.ADMINISTRATOR, "ada@platform.test", user=1)
PAUL = Actor(Role.ACCOUNTANT, "paul@platform.test", user=2)
MAX = Actor(Role.MANAGER, "max@platform.test", user=3)

NORTH, SOUTH = 1, 2
"""Row ids of the two clouds."""

NORA = Actor(Role.CLOUD_ADMINISTRATOR, "nora@north.test", user=4, cloud=NORTH)
CARL = Actor(Role.CLOUD_ACCOUNTANT, "carl@north.test", user=5, cloud=NORTH)
ANN = Actor(Role.ACCOUNT_MANAGER, "ann@north.test", user=6, cloud=NORTH)
SAM = Actor(Role.CLOUD_ADMINISTRATOR, "sam@south.test", user=7, cloud=SOUTH)

SUE = Actor(Role.SUBSCRIBER, "sue@home.test", user=8, cloud=NORTH, subscriber=1)
BOB = Actor(Role.SUBSCRIBER, "bob@shop.test", user=9, cloud=NORTH, subscriber=2)
TIM = Actor(Role.SUBSCRIBER, "tim@south.test", user=10, cloud=SOUTH, subscriber=3)
REX = Actor(Role.REFERRAL, "rex@agents.test", user=11, cloud=NORTH, referral=1)
LIZ = Actor(Role.REFERRAL, "liz@agents.test", user=12, cloud=SOUTH, referral=2)

EVERYONE = (ADA, PAUL, MAX, NORA, CARL, ANN, SAM, SUE, BOB, TIM, REX, LIZ)
