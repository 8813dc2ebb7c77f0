-- How the CSV of a bank is read, remembered by the columns of its header. `issuer` is whose book it is
-- for: a cloud's, or 0, the platform's.
create table csv_mapping (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint references cloud,
  name varchar(64) not null,
  delimiter varchar(1) not null,
  decimal varchar(1) not null,
  date_format varchar(40) not null,
  columns jsonb not null,
  constraint csv_mapping_once unique (issuer, name),
  constraint csv_mapping_of_book check (issuer = coalesce(cloud, 0))
);
