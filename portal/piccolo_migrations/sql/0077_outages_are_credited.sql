-- For which days of an outage a camera's charges on an invoice were given back, and by which note.
create table outage_credit (
  id bigserial primary key,
  cloud bigint not null references cloud,
  issuer bigint not null,
  subscriber bigint,
  invoice bigint not null,
  note bigint not null,
  camera bigint not null,
  -- A bit for each day of the invoice's month, bit 0 the first.
  days bigint not null,
  amount bigint not null,
  foreign key (cloud, invoice) references invoice (cloud, id),
  foreign key (cloud, note) references invoice (cloud, id),
  foreign key (cloud, camera) references camera (cloud, id),
  constraint outage_credit_of_days check (days > 0),
  constraint outage_credit_not_below_0 check (amount >= 0)
);
create index outage_credit_of_invoice on outage_credit (cloud, invoice, camera);
create trigger outage_credit_is_not_emptied before truncate on outage_credit
  for each statement execute function refuse_change();
