-- What cameras were charged in a closed month, before discount, by the tariff that they were on last:
-- summed by a worker after the close, beside what they cost.
alter table real_use drop constraint real_use_kind_known;
alter table real_use add constraint real_use_kind_known
  check (kind in ('all', 'tariff', 'depth', 'retail'));

-- Drafts that were made before they kept what is left of each camera are made anew.
insert into draft_mark (cloud) select id from cloud;
insert into draft_mark (cloud, month)
select distinct cloud, month from draft d
where not exists (select from period p where p.cloud = d.cloud and p.starts_on = d.month
                  and p.state <> 'open');
