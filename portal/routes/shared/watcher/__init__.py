"""A cloud's Watchers: its connections, what they show and stand for, and what disagrees.

The operator's portal and the platform's have the same handlers, each below an address of its own.
"""

from typing import Final

from portal.routes.shared.watcher.connections import (
    connection,
    connections,
    progress,
    read_now,
    test_connection,
)
from portal.routes.shared.watcher.groups import ask_tariff, change_tariffs
from portal.routes.shared.watcher.mapping_many import (
    ask_by_name,
    ask_subscribers,
    ask_tariffs,
    make_subscribers,
    make_tariffs,
    map_by_name,
)
from portal.routes.shared.watcher.mappings import (
    choose_subscriber,
    choose_tariff,
    map_organization,
    map_preset,
    mappings,
)
from portal.routes.shared.watcher.reconciliation import reconciliation, worth
from portal.routes.shared.watcher.settings import (
    ask_remove,
    change_connection,
    create_connection,
    edit_connection,
    new_connection,
    remove_connection,
)

WATCHER: Final = (
    connections,
    new_connection,
    create_connection,
    connection,
    test_connection,
    read_now,
    progress,
    edit_connection,
    change_connection,
    ask_remove,
    remove_connection,
    mappings,
    choose_subscriber,
    choose_tariff,
    map_organization,
    map_preset,
    ask_by_name,
    map_by_name,
    ask_subscribers,
    make_subscribers,
    ask_tariffs,
    make_tariffs,
    reconciliation,
    ask_tariff,
    change_tariffs,
    worth,
)
