-- Whose the camera of a difference is stands with it, so that customers are summed without looking at cameras.
-- What is kept is worked out anew.
delete from difference_month;
alter table difference add column subscriber bigint;
create or replace function renamed_cameras_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform mark_differences(n.cloud, array_agg(n.id))
  from gone o join changed n on n.id = o.id
  where (o.external_id, o.subscriber) is distinct from (n.external_id, n.subscriber)
  group by n.cloud;
  return null;
end $$;

-- Beside what all cameras of a large cloud used in a month, how many were subscribed in it: of the kind
-- "count" with the key 2.
insert into usage_sum (cloud, month, basis, kind, of, key, total, peak, as_of)
select k.cloud, k.month, 'used', 'count', 0, 2, (
         select count(distinct p.camera) from subscription p
         where p.cloud = k.cloud and p.starts_on < k.month + interval '1 month'
           and (p.ends_on is null or p.ends_on > k.month)
       ), 0, max(k.as_of)
from usage_sum k where k.basis = 'used' group by k.cloud, k.month;
