-- What subscribers ask about their invoices, and what their operator answers, message by message.
create table question (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  invoice bigint,
  -- A line of the invoice, counted from 0, and a camera of it, as the page knew them.
  line integer,
  camera varchar(255) not null default '',
  subject varchar(200) not null,
  state varchar(8) not null default 'open',
  asked_by varchar(254) not null,
  asked_at timestamptz not null,
  changed_at timestamptz not null,
  constraint question_of_cloud unique (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint question_state_known check (state in ('open', 'answered', 'closed')),
  constraint question_line_of_invoice check (line is null or invoice is not null)
);
create index question_of_subscriber on question (cloud, subscriber, id);
create index question_in_state on question (cloud, state, changed_at, id);
create index question_of_invoice on question (cloud, invoice) where invoice is not null;

create table question_message (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  question bigint not null,
  of_operator boolean not null,
  by_name varchar(254) not null,
  text text not null,
  at timestamptz not null,
  -- When whoever it is for was told by mail; null until a worker has done that.
  told_at timestamptz,
  foreign key (cloud, question) references question (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id)
);
create index question_message_of_question on question_message (cloud, question, id);
create index question_message_by_day on question_message (cloud, subscriber, at) where not of_operator;
create index question_message_untold on question_message (id) where told_at is null;
create trigger question_message_is_not_emptied before truncate on question_message
  for each statement execute function refuse_change();
