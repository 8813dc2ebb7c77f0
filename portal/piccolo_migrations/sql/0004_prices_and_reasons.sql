-- What the composer, the list of prices and the cockpit know of tariffs, services and cameras.

-- "Motion archive" heads a column where "1 day of motion-activated recording" is sold; "days" are
-- many of its unit. A list price is what a new cloud begins with.
alter table service
  add column short text not null default '',
  add column unit_plural varchar(64) not null default '',
  add column list_pricing jsonb;

alter table cloud
  add column margin_target numeric(9,6) not null default 20,
  add constraint cloud_margin_target_in_range check (margin_target between 0 and 100);

-- A tariff that is not offered any more keeps its cameras. One a cloud is preselected.
alter table tariff
  add column note text not null default '',
  add column offered boolean not null default true,
  add column is_default boolean not null default false,
  add constraint tariff_default_is_offered check (offered or not is_default);
create unique index tariff_one_default on tariff (cloud) where is_default;

-- Why somebody sells below cost, in their words.
alter table tariff_version add column below_cost_reason text not null default '';

-- How many cameras a new customer wants, and on which tariff.
alter table subscriber
  add column phone varchar(64) not null default '',
  add column wanted integer,
  add column wanted_tariff bigint,
  add constraint subscriber_wanted_in_range check (wanted between 1 and 1000000),
  add foreign key (cloud, wanted_tariff) references tariff (cloud, id);

-- A camera may keep more than its tariff includes: it is quiet until that is withdrawn.
create table accepted_excess (
  id bigserial primary key,
  cloud bigint not null references cloud,
  camera bigint not null,
  meter bigint not null references meter,
  reason text not null,
  accepted_by varchar(254) not null,
  accepted_at timestamptz not null,
  withdrawn_by varchar(254) not null default '',
  withdrawn_at timestamptz,
  foreign key (cloud, camera) references camera (cloud, id),
  constraint accepted_excess_has_reason check (reason <> '')
);
create unique index accepted_excess_once on accepted_excess (cloud, camera, meter)
  where withdrawn_at is null;
