"""What waits for whoever runs the installation: the texts of `sources` that are about it."""

from __future__ import annotations

from typing import Final

from portal.kit.queries.backups import STATE

NO_ADMINISTRATOR: Final = """
select c.id, 1 as count, c.created_at as since
from cloud c
where ($1::bigint is null or c.id = $1) and not exists (
  select from portal_user u
  where u.cloud = c.id and u.role = 'cloud-administrator' and u.active and u.has_password)
"""
NO_BANK: Final = """
select 0 as id, 1 as count from platform where bank = '{}' and $1::bigint is null
"""
BACKUP_FAILED: Final = f"""
select 0 as id, 1 as count, b.error as about, b.made_at as since from ({STATE}) b
where b.error <> '' and $1::bigint is null
"""  # noqa: S608 - a query of ours
BACKUP_OLD: Final = f"""
select 0 as id, 1 as count, coalesce(b.made_at, b.planned_at) as since from ({STATE}) b
where b.is_old and b.error = '' and $1::bigint is null
"""  # noqa: S608 - a query of ours
BOOKS_DIFFER: Final = """
select 0 as id, v.differences as count, v.ended_at as since from (
  select differences, ended_at from verification where ended_at is not null order by id desc limit 1
) v
where v.differences > 0 and $1::bigint is null
"""
