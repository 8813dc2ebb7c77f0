-- What part of a day's charge came back, in all, when this row was written: percent.
alter table outage_credit
  add column share numeric(9, 6) not null default 100,
  add constraint outage_credit_share_in_range check (share > 0 and share <= 100);
