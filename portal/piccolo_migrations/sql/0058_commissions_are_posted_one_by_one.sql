-- The commissions of a close are posted in the transaction that wrote them, when no statistics know of them or
-- of their documents yet: each is looked up by its key, and no plan takes them for few.
create or replace function commission_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select m.cloud, m.cloud, null::bigint, coalesce(m.day, i.issued_on), 'commission', 'commission ' || m.id,
         m.document, l.account, l.party, i.currency, l.amount, m.id, l.place
  from unnest(ids) as one(id)
  cross join lateral (select * from commission m where m.id = one.id limit 1) m
  cross join lateral (select * from invoice i where i.id = m.invoice limit 1) i
  cross join lateral (select r.code from referral r where r.id = m.referral limit 1) r
  cross join lateral (values
    ('commission', '', m.amount, 1), ('commission_payable', r.code, -m.amount, 2)
  ) as l (account, party, amount, place)
$$;
