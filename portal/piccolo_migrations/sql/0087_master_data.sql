-- What documents, and the files that machines read, say of both parties. `postal` is the address field by
-- field ({line1, line2, postcode, city, country}); its lines as printed stay in `address`. Without it, and
-- without a `contact` ({name, telephone, email}), they are {}.
do $$
declare
  of text;
begin
  foreach of in array array['platform', 'cloud', 'subscriber'] loop
    execute format('alter table %I
      add column legal_name text not null default '''',
      add column postal jsonb not null default ''{}'',
      add column vat_id varchar(32) not null default '''',
      add column registration varchar(64) not null default '''',
      add column contact jsonb not null default ''{}'',
      add column endpoint varchar(140) not null default '''',
      add column iban varchar(34) not null default '''',
      add column bic varchar(11) not null default '''',
      add column creditor_id varchar(35) not null default ''''', of);
  end loop;
  foreach of in array array['platform', 'cloud'] loop
    execute format('alter table %I add column tax_regime varchar(4)', of);
  end loop;
  foreach of in array array['cloud', 'subscriber'] loop
    execute format('alter table %I
      add column buyer_reference varchar(200) not null default '''',
      add column tax_category varchar(14) not null default ''standard'',
      add column exemption_reason text not null default '''',
      add column e_invoice varchar(10)', of);
    execute format('alter table %I add constraint %I check (tax_category in
      (''standard'', ''exempt'', ''reverse_charge'', ''export'', ''outside_scope''))',
      of, of || '_tax_category_known');
    execute format('alter table %I add constraint %I check (e_invoice in
      (''none'', ''facturx'', ''xrechnung'', ''peppol''))', of, of || '_e_invoice_known');
  end loop;
end $$;

update subscriber set tax_category = 'exempt' where tax_exempt;

-- Drafts say what documents will, and what is missing on them.
create or replace function subscribers_mark_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into draft_mark (cloud)
  select distinct n.cloud from gone o join changed n on n.id = o.id
  where (o.number, o.name, o.email, o.discount_percent, o.tax_exempt, o.referral, o.account_manager,
         o.address, o.tax_number, o.language, o.suspended, o.legal_name, o.postal, o.vat_id,
         o.registration, o.contact, o.endpoint, o.iban, o.bic, o.creditor_id, o.buyer_reference,
         o.tax_category, o.exemption_reason, o.e_invoice)
    is distinct from (n.number, n.name, n.email, n.discount_percent, n.tax_exempt, n.referral,
         n.account_manager, n.address, n.tax_number, n.language, n.suspended, n.legal_name, n.postal,
         n.vat_id, n.registration, n.contact, n.endpoint, n.iban, n.bic, n.creditor_id,
         n.buyer_reference, n.tax_category, n.exemption_reason, n.e_invoice);
  return null;
end $$;
