"""Reports: where revenue, cost and usage of a month come from, level by level.

A closed month is read from what its close summed, one that is open from its draft: both have the
same shape, so that one query serves both. Nothing here adds up charges or usage of a whole cloud.
"""
