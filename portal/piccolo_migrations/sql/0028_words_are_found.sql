-- What a list is searched for: the beginning of any word of a name, an id, a number, an address. Each
-- word is kept with all that follows it, so that "gate no" finds "Main gate north" by one look into an
-- index, however many cameras there are.

-- A text as it is compared: in small letters, each run of spaces as one, from its first word on.
create function word_begun(value text) returns text
language sql immutable strict parallel safe as $$
  select left(lower(btrim(regexp_replace(regexp_replace(
    value, '^[[:space:][:punct:]]+(?=[^[:space:][:punct:]])', ''), '\s+', ' ', 'g'))), 60)
$$;

-- Where somebody may begin to type: the whole, each word of it, a number within a word, and a number
-- without the zeros before it. "cam-0017b": cam-0017b, 0017b, 17b, b.
create function words_of(value text) returns setof text
language sql immutable strict parallel safe as $$
  with parts as (
    select string_to_array(regexp_replace(
      lower(btrim(regexp_replace(value, '\s+', ' ', 'g'))),
      '(?<=[[:space:][:punct:]])(?=[^[:space:][:punct:]])'
        || '|(?<=[^[:space:][:punct:]0-9])(?=[0-9])|(?<=[0-9])(?=[^[:space:][:punct:]0-9])',
      E'\x01', 'g'), E'\x01') as found
  ), begun as (
    select array_to_string(p.found[n:], '') as word
    from parts p cross join lateral generate_subscripts(p.found, 1) n
  )
  select distinct left(one.word, 60) from (
    select word from begun
    union all
    select ltrim(word, '0') from begun where word ~ '^0+[1-9]'
  ) one
  where one.word <> ''
$$;

create table camera_word (
  cloud bigint not null,
  word text collate "C" not null,
  camera bigint not null,
  primary key (cloud, word, camera)
);
create index camera_word_of_camera on camera_word (cloud, camera, word);

create function keep_camera_words(of_cloud bigint, of_camera bigint, texts text[]) returns void
language sql set search_path = public, pg_temp as $$
  delete from camera_word where cloud = of_cloud and camera = of_camera;
  insert into camera_word (cloud, word, camera)
  select distinct of_cloud, w, of_camera from unnest(texts) one cross join lateral words_of(one) w;
$$;
create function camera_words_are_kept() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform keep_camera_words(new.cloud, new.id, array[new.name, new.external_id]);
  return null;
end $$;
create trigger camera_words_are_kept after insert or update of name, external_id on camera
  for each row execute function camera_words_are_kept();
insert into camera_word (cloud, word, camera)
select distinct c.cloud, w, c.id
from camera c cross join lateral unnest(array[c.name, c.external_id]) one
cross join lateral words_of(one) w;

-- By kind: of its name and number; of what a referral is not told, e-mail address and tax number; and
-- of names that its documents bear and that it has no more.
create table subscriber_word (
  cloud bigint not null,
  word text collate "C" not null,
  kind varchar(7) not null,
  subscriber bigint not null,
  primary key (cloud, word, kind, subscriber),
  constraint subscriber_word_kind_known check (kind in ('name', 'contact', 'before'))
);
create index subscriber_word_of_subscriber on subscriber_word (cloud, subscriber, word);

create function keep_subscriber_words(one subscriber) returns void
language sql set search_path = public, pg_temp as $$
  delete from subscriber_word
  where cloud = one.cloud and subscriber = one.id and kind <> 'before';
  insert into subscriber_word (cloud, word, kind, subscriber)
  select distinct one.cloud, w, t.kind, one.id
  from (values ('name', one.name), ('name', one.number::text), ('contact', one.email),
               ('contact', one.tax_number), ('contact', told_apart(one.tax_number))) t(kind, value)
  cross join lateral words_of(t.value) w;
$$;
create function subscriber_words_are_kept() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and old.name <> new.name then
    insert into subscriber_word (cloud, word, kind, subscriber)
    select old.cloud, w, 'before', old.id from words_of(old.name) w on conflict do nothing;
  end if;
  perform keep_subscriber_words(new);
  return null;
end $$;
create trigger subscriber_words_are_kept
  after insert or update of name, number, email, tax_number on subscriber
  for each row execute function subscriber_words_are_kept();
insert into subscriber_word (cloud, word, kind, subscriber)
select distinct s.cloud, w, t.kind, s.id
from subscriber s
cross join lateral (values
  ('name', s.name), ('name', s.number::text), ('contact', s.email),
  ('contact', s.tax_number), ('contact', told_apart(s.tax_number))) t(kind, value)
cross join lateral words_of(t.value) w;
insert into subscriber_word (cloud, word, kind, subscriber)
select distinct i.cloud, w, 'before', i.subscriber
from (select distinct i.cloud, i.subscriber, i.buyer->>'name' as name from invoice i
      join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
      where s.name <> i.buyer->>'name') i
cross join lateral words_of(i.name) w;

-- A document is found by the beginning of its number, or by its end: in small letters, and backwards.
alter table invoice
  add column number_begun text collate "C" not null
    generated always as (lower(number)) stored,
  add column number_ended text collate "C" not null
    generated always as (reverse(lower(number))) stored;
create index invoice_by_number on invoice (cloud, number_begun, id);
create index invoice_by_end_of_number on invoice (cloud, number_ended, id);
