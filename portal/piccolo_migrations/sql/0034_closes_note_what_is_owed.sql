-- A close adds thousands of documents at once. One that asks for money can only bring the first day that
-- is due forward, so nothing has to be looked up; after a credit note its customer is looked at anew.
create or replace function invoices_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('sums of documents of ' || one.cloud, 0))
  from (select distinct cloud from added order by cloud) one;
  perform sum_invoices(one.cloud, one.month) from (
    select cloud, month from added
    union
    select i.cloud, i.month from added a join invoice i on i.cloud = a.cloud and i.id = a.credits
  ) one;
  update subscriber c set owes_from = n.due_on
  from (
    select s.id, a.due_on from (
      select subscriber, min(due_on) as due_on from added
      where side = 'retail' and subscriber is not null and credits is null and total > 0
      group by subscriber
    ) a join subscriber s on s.id = a.subscriber order by s.id for no key update of s
  ) n
  where c.id = n.id and c.owes_from > n.due_on;
  perform keep_owes_from(array_agg(distinct subscriber))
  from added
  where side = 'retail' and subscriber is not null and credits is not null having count(*) > 0;
  return null;
end $$;
