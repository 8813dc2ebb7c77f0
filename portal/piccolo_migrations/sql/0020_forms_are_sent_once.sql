-- The keys of forms that somebody has sent and whose deed is done: a second click does nothing.
create table sent_form (
  id bigserial primary key,
  user_id bigint not null,
  key varchar(64) not null,
  sent_at timestamptz not null default now(),
  constraint sent_form_once unique (user_id, key)
);
create index sent_form_by_time on sent_form (sent_at);

-- What the last estimate found amiss in a month that is not closed: services that are used without a
-- price, cameras of subscribers that are on no tariff, days without complete usage.
create table month_finding (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  kind varchar(16) not null,
  service bigint references service,
  total integer not null,
  amount bigint,
  since date,
  as_of timestamptz not null,
  constraint month_finding_once unique nulls not distinct (cloud, month, kind, service),
  constraint month_finding_kind_known check (kind in ('unpriced', 'without_tariff', 'days_missing')),
  constraint month_finding_of_service check ((service is not null) = (kind = 'unpriced'))
);
