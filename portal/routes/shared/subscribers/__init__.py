"""The customers of a cloud: the list, one by one, and what is done to them; in both portals."""

from typing import Final

from portal.routes.shared.subscribers.edit import change, edit
from portal.routes.shared.subscribers.listed import subscribers_page
from portal.routes.shared.subscribers.one import account_page, subscriber
from portal.routes.shared.subscribers.selected import selected
from portal.routes.shared.subscribers.suspension import ask_suspension, suspend

SUBSCRIBERS: Final = (
    subscribers_page,
    selected,
    subscriber,
    account_page,
    edit,
    change,
    ask_suspension,
    suspend,
)
