-- Agents invite agents where their operator lets them, and say where they are paid.
alter table cloud
  add column agents_invite boolean not null default false,
  -- What an invited agent earns until the operator says otherwise.
  add column agent_percent numeric(9,6) not null default 10,
  add constraint cloud_agent_percent_in_range check (agent_percent between 0 and 100);
alter table referral
  add column address text[] not null default '{}',
  add column tax_number varchar(64) not null default '',
  add column payee varchar(200) not null default '',
  add column iban varchar(34) not null default '',
  add column bic varchar(11) not null default '',
  -- Its sponsor invited it then; the operator has looked at it since.
  add column invited_at timestamptz,
  add column checked_at timestamptz,
  add column checked_by varchar(254) not null default '';
create index referral_to_check on referral (cloud, invited_at)
  where invited_at is not null and checked_at is null;
create index referral_of_sponsor on referral (cloud, sponsor) where sponsor is not null;

-- Whether the referral who asks may invite an agent, how many of those wait for the operator's look,
-- and how many levels are paid beyond the first. All sponsors of an invited agent are paid: with
-- levels 2 and 3 paid, an agent whose sponsor has a sponsor invites nobody.
create function agent_invitations() returns table (allowed boolean, waiting int, levels int)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
  with recursive own as (
    select r.id, r.sponsor, c.agents_invite, cardinality(c.level_percents) as paid
    from referral r join cloud c on c.id = r.cloud
    where app_role() = 'referral' and r.cloud = app_cloud() and r.id = app_referral()
  ), above as (
    select o.sponsor, 1 as depth from own o
    union all
    select r.sponsor, a.depth + 1 from above a join referral r on r.id = a.sponsor
    where r.cloud = app_cloud() and a.depth <= (select o.paid from own o)
  )
  select o.agents_invite and (select max(a.depth) from above a) <= o.paid,
         (select count(*)::int from referral r where r.cloud = app_cloud() and r.sponsor = o.id
          and r.invited_at is not null and r.checked_at is null),
         o.paid
  from own o;
end $$;

-- Adds an agent below the referral who asks: its id and code; no row where it may not. Its code is
-- the one given, or that and a number: which codes are taken is not for a referral to know.
create function invite_agent(
  agent_code text, agent_name text, agent_email text, at timestamptz, most_waiting int
) returns table (made bigint, made_code text)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  tried text;
begin
  perform pg_advisory_xact_lock(hashtextextended('sponsors of ' || app_cloud(), 0));
  if not coalesce((select i.allowed and i.waiting < most_waiting from agent_invitations() i), false)
  then
    return;
  end if;
  for n in 1..1000 loop
    tried := case when n = 1 then agent_code else left(agent_code, 59) || '-' || n end;
    insert into referral (cloud, code, name, email, percent, sponsor, basis, invited_at)
    select r.cloud, tried, agent_name, agent_email, c.agent_percent, r.id, r.basis, at
    from referral r join cloud c on c.id = r.cloud
    where r.cloud = app_cloud() and r.id = app_referral()
    on conflict do nothing returning id, code into made, made_code;
    if made is not null then
      return next;
      return;
    end if;
  end loop;
end $$;

-- The agents whom the referral who asks has invited: whoever signs in for them is invited with them.
create function invited_agents() returns setof bigint
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
  select r.id from referral r
  where app_role() = 'referral' and r.cloud = app_cloud() and r.sponsor = app_referral()
    and r.invited_at is not null;
end $$;
