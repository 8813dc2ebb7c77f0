"""Camledger's portal: four interfaces over one set of books.

Time zones are those of the `tzdata` package, whatever this machine or PYTHONTZPATH holds: two
machines of one installation would otherwise disagree where a day ends. America/Vancouver keeps its
summer time from 2026 on; with zone files of 2025 its 1 November 2026 is an hour longer.
"""

import zoneinfo

zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
