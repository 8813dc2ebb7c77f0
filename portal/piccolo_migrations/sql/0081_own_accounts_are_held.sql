-- A referral who is paid at the account that a subscriber pays from may be its own, too.
alter table commission_hold
  drop constraint commission_hold_why_known,
  add constraint commission_hold_why_known check (why in ('email', 'tax_number', 'iban'));
