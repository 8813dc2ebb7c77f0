-- Documents handed to another system as a file: who, when, how many, which sum, which documents.
create table hand_over (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date,
  kind varchar(4) not null,
  made_by varchar(254) not null,
  user_id bigint,
  api_key bigint,
  made_at timestamptz not null,
  documents integer not null,
  total bigint not null,
  constraint hand_over_of_cloud unique (cloud, id),
  constraint hand_over_kind_known check (kind in ('csv', 'json', 'zip')),
  constraint hand_over_of_some check (documents > 0)
);
create index hand_over_of_month on hand_over (cloud, month);
create table hand_over_document (
  id bigserial primary key,
  cloud bigint not null references cloud,
  hand_over bigint not null,
  invoice bigint not null,
  constraint hand_over_document_list foreign key (cloud, hand_over) references hand_over (cloud, id),
  constraint hand_over_document_document foreign key (cloud, invoice) references invoice (cloud, id),
  constraint hand_over_document_once unique (cloud, hand_over, invoice)
);
create index hand_over_of_document on hand_over_document (cloud, invoice);
