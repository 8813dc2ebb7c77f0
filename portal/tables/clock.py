"""The test clock of an installation started with one."""

from __future__ import annotations

from piccolo.columns import Serial
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col


class TestClock(Table, tablename="test_clock"):
    """The time that an installation under test is told; without a row, the machine's clock counts.

    One row, which only moves forward (see the first migration).
    """

    __test__ = False

    id = Serial(primary_key=True)
    now = col.moment()
    test_clock_one_row = Check("id = 1")
