-- A referral brings a subscriber with one form; the operator looks at it, and adds the cameras.

-- Whom an agent brings is invited at once, or once the operator has looked.
alter table cloud add column referral_invites boolean not null default false;

-- `brought_doubts` are the fields that somebody else has, too. Commissions are held until it is
-- `checked_at`.
alter table subscriber
  add column brought_at timestamptz,
  -- Of the form that was sent: sent twice, it is one subscriber.
  add column brought_key varchar(64),
  add column brought_note text not null default '',
  add column brought_doubts text[] not null default '{}',
  add column checked_at timestamptz,
  add column checked_by varchar(254) not null default '';
create unique index subscriber_brought_once on subscriber (cloud, referral, brought_key);
create index subscriber_to_check on subscriber (cloud, brought_at)
  where brought_at is not null and checked_at is null;

-- After the highest one, or the lowest that is free once that is 999999999; null when none is.
-- To whoever takes subscribers on there, or brings one; to anybody else null.
create or replace function next_subscriber_number(of_cloud bigint) returns bigint
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  if not (pg_has_role(session_user, 'camledger_worker', 'usage')
          or coalesce(app_role() = 'administrator'
                      or app_role() in ('cloud-administrator', 'account-manager', 'referral')
                         and of_cloud = app_cloud(), false)) then
    return null;
  end if;
  return (
    select case when coalesce(max(number), 0) < 999999999 then coalesce(max(number), 0) + 1 else (
      select min(n.before) + 1
      from (select 0 as before union all select number from subscriber where cloud = of_cloud) n
      where n.before < 999999999
        and not exists (select from subscriber s where s.cloud = of_cloud and s.number = n.before + 1)
    ) end
    from subscriber where cloud = of_cloud
  );
end $$;

-- What is compared of a text: letters and digits alone, so "IT 012" is "it012".
create function told_apart(words text) returns text language sql immutable parallel safe
  as $$ select regexp_replace(lower(coalesce(words, '')), '[^[:alnum:]]+', '', 'g') $$;

-- The doubts are written here, past the eyes of whoever brings: a referral learns nothing of other
-- customers. Every one of them is looked at, found or not, so that it takes as long either way.
create function doubt_who_is_brought() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  known record;
  people record;
  agent record;
begin
  select coalesce(bool_or(lower(s.email) = lower(new.email)), false) as email,
         coalesce(bool_or(told_apart(s.tax_number) = told_apart(new.tax_number)), false) as tax_number,
         coalesce(bool_or(told_apart(array_to_string(s.address, ' '))
                          = told_apart(array_to_string(new.address, ' '))), false) as address
    into known from subscriber s where s.cloud = new.cloud and s.id <> new.id;
  select coalesce(bool_or(lower(u.email) = lower(new.email)), false) as email
    into people from portal_user u;
  select coalesce(bool_or(lower(r.email) = lower(new.email)), false) as email
    into agent from referral r where r.cloud = new.cloud and r.id = new.referral;
  new.brought_doubts := array_remove(array[
    case when new.email <> '' and (known.email or people.email or agent.email) then 'email' end,
    case when told_apart(new.tax_number) <> '' and known.tax_number then 'tax_number' end,
    case when told_apart(array_to_string(new.address, ' ')) <> '' and known.address
         then 'address' end
  ]::text[], null);
  return new;
end $$;
create trigger doubt_who_is_brought before insert on subscriber for each row
  when (new.brought_at is not null) execute function doubt_who_is_brought();

-- Whoever puts a camera of theirs on a tariff has looked, unless there is something to check.
create function cameras_are_a_look() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update subscriber s set checked_at = book_now()
  from added a
  where s.cloud = a.cloud and s.id = a.subscriber and s.brought_at is not null
    and s.checked_at is null and s.brought_doubts = '{}';
  return null;
end $$;
create trigger cameras_are_a_look after insert on subscription
  referencing new table as added for each statement execute function cameras_are_a_look();

-- The agents below the referral who asks, as deep as it is paid, each with its level and percent.
create function agents_below() returns table (agent bigint, level int, percent numeric)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
  with recursive below as (
    select r.id, r.cloud, 2 as depth
    from referral r
    where app_role() = 'referral' and r.cloud = app_cloud() and r.sponsor = app_referral()
    union all
    select r.id, r.cloud, b.depth + 1
    from below b join referral r on r.cloud = b.cloud and r.sponsor = b.id
    where b.depth <= (select cardinality(c.level_percents) from cloud c where c.id = b.cloud)
  )
  select b.id, b.depth, c.level_percents[b.depth - 1]
  from below b join cloud c on c.id = b.cloud
  where b.depth - 1 <= cardinality(c.level_percents) and b.id <> app_referral();
end $$;

-- What the whole month will probably come to, before discount: so far, and its remaining days at
-- today's tariffs. And where subscribers reach their operator by telephone.
alter table estimate add column likely bigint not null default 0;
alter table cloud add column phone varchar(64) not null default '';
