"""One word for one thing: the trade's own, in code, comments and pages.

Whoever looks for a rate limit, a queue or a transaction finds it under that name.
"""

from __future__ import annotations

import re

from tests.house.sources import CODE, PAGES, ROOT, TEMPLATES, TESTS, files, listed, name, text

OLD = {
    r"\bdb\.reading\b|\bdb\.Connection\b": "snapshot(actor), Transaction",
    r"\bdoorbells?\b|\bbells?\b|\bRINGS\b|\bqueue\.ring\b": "enqueue, a job",
    r"\bplan_anew\b": "force_custom_plan",
    r"\b(own|share)_books\b": "lock_books_exclusive, lock_books_shared",
    r"\b[Ss]hel(f|ves)\b": "InvoiceListConfig",
    r"\b(Surroundings|Outside)\b(?=[(:\]]|\.\w)": "RequestContext, Integrations",
    r"\b[Dd]oorsteps?\b": "SecurityMiddleware",
    r"`?\bSlowly\b`?(?! )|`Slowly`": "RateLimited",
    r"\b_leave_alone\b": "back_off",
    r"\b[Rr]eckon(s|ed|ing)?\b": "calculate",
    r"\b[Mm]ighty\b": "privileged",
    r"\bmasters\b": "which system decides",
    r"\b[Ss]trangers?\b": "an outsider, somebody who is not signed in",
    r"\bBrought\b|\bas brought\b|\bbrought by\b": "referred subscribers",
    r"\b(whom?|referrals?|agents?|you|they|nobody|somebody|was|were) brought\b(?! (to|up|in)\b)": (
        "referred subscribers"
    ),
    r"\bpatience: (float|int)\b|--patience\b|\bPatience\b(?=[(:])": "timeout, wait, limits",
    r"\badopt(s|ed|ing)?\b": "claim, take over, reassign",
    r"\b[Bb]ur(y|ied|ies)\b": "close a history",
    r"\b[Ll](ife|ives) of cameras\b|\bcameras?'s? (life|lives)\b": "a camera's history",
    r"\blives\b(?= ?(\(|=|:|,|\)|of\b|under\b))|\b(another|one|second) life\b": "a history, a camera",
    r"\bLife in Watcher\b|\b[Ii]ts life begins\b": "History in Watcher",
    r"\bhomes_\w+": "dashboards",
    r"(?<!\bast\.)(?<!\bos\.)\b(Walk|walk|walks|walked)\b": "a sync run (SyncRun), fetch",
    r"\b(Silence|Silent|Bell)\b(?=[(:\]])": "NullQueue, RecordingQueue",
}
"""A word that has gone → what stands in its place."""
APART = {
    "tests/house/test_words.py",
    "portal/piccolo_migrations/portal_0009_tariffs_have_months.py",  # history
    "CHANGELOG.md",  # what was so called when it changed
    "tests/routes/security/test_crawl.py",  # a crawler walks pages
}
SOURCES = [
    *(*CODE, *TESTS, *TEMPLATES, *PAGES, *files("scripts"), *files("portal", "*.sql")),
    *(ROOT / "static" / "app.js", ROOT / "static" / "app.css"),
]
"""What the API says of itself is in its docstrings; catalogues are made of code and templates."""


def test_a_thing_has_the_name_that_the_trade_gives_it() -> None:
    there = [path for path in SOURCES if name(path) not in APART]
    offences = [
        f"{name(path)}:{text(path)[: found.start()].count(chr(10)) + 1} {found[0]!r}: {instead}"
        for path in there
        for word, instead in OLD.items()
        for found in re.finditer(word, text(path))
    ]
    assert not offences, listed(offences)
