"""What somebody does who has the database and no respect for triggers, and how it is named."""

from __future__ import annotations

from tests.books.proof.hand import Deed
from tests.books.proof.sums import SUMS

DEEDS = (
    Deed(
        "charge",
        "update charge set amount = amount + 1 where id = (select min(id) from charge)",
        "charges are what usage and prices come to",
        "north: wholesale charge of camera gate for motion-day in 2026-10, invoice "
        "PLAT-2026-000001",
        "expected 3.50 EUR, found 3.51 EUR",
    ),
    Deed(
        "charge",
        "delete from charge where side = 'wholesale' and cloud = 2",
        "charges sum to the subtotal",
        "platform: invoice PLAT-2026-000002",
        "expected 7.50 USD, found 0.00 USD",
    ),
    Deed(
        "usage",
        "update usage set d03 = 9 where camera = 1 and meter = (select min(meter) from usage)",
        "charges are what usage and prices come to",
        "north: wholesale charge of camera gate for motion-day in 2026-10, invoice "
        "PLAT-2026-000001",
        "expected 3.53 EUR, found 3.50 EUR",
    ),
    Deed(
        "usage",
        "delete from usage where cloud = 2 and meter = (select min(meter) from usage)",
        "charges are what usage and prices come to",
        "south: wholesale charge of camera dock for motion-day in 2026-10, invoice "
        "PLAT-2026-000002",
        "expected 0.00 USD, found 3.50 USD",
    ),
    Deed(
        "measurement",
        "update measurement set bases[1] = bases[1] + 1 where id = (select min(id) from"
        " measurement where subscriber is null)",
        "what was measured is what was used",
        "north: measurement of camera gate for motion-day in 2026-10, invoice PLAT-2026-000001",
        "expected 217 on 31 days, found 218 on 31 days",
    ),
    Deed(
        "measurement",
        "delete from measurement where subscriber = 1 and camera = 2",
        "what was measured is what was used",
        "north: measurement of camera yard in 2026-10, invoice NORTH-2026-000001",
        "expected 0 on 16 days, found nothing",
    ),
    Deed(
        "invoice_line",
        "update invoice_line set amount = amount - 5 where id = (select min(id) from invoice_line)",
        "lines sum to the subtotal",
        "north: invoice NORTH-2026-000001",
        "expected 15.01 EUR, found 14.96 EUR",
    ),
    Deed(
        "invoice_line",
        "delete from invoice_line where invoice = (select id from invoice where credits"
        " is not null)",
        "lines sum to the subtotal",
        "south: credit note SOUTH-2026-000002",
        "expected -0.96 USD, found 0.00 USD",
    ),
    Deed(
        "invoice",
        "update invoice set tax = tax + 100, total = total + 100 where number = "
        "'NORTH-2026-000001'",
        "the tax is its percent",
        "north: invoice NORTH-2026-000001",
        "expected 2.97 EUR, found 3.97 EUR",
    ),
    Deed(
        "invoice",
        "update invoice set discount = discount - 1, taxable = taxable + 1, total = "
        "total + 1 where number = 'NORTH-2026-000001'",
        "the discount is its percent",
        "north: invoice NORTH-2026-000001",
        "expected 1.50 EUR, found 1.49 EUR",
    ),
    Deed(
        "invoice",
        "update invoice set taxable = taxable - 2000, subtotal = subtotal - 2000, total"
        " = total - 2000 where credits is not null",
        "no more is credited than was invoiced",
        "south: invoice SOUTH-2026-000001",
        "expected 10.78 USD, found 21.05 USD",
    ),
    Deed(
        "invoice",
        "update invoice set number = 'NORTH-2026-000007' where number = 'NORTH-2026-000001'",
        "a number is its year and sequence",
        "north: invoice NORTH-2026-000007",
        "expected …-2026-000001, found NORTH-2026-000007",
    ),
    Deed(
        "invoice",
        "update invoice set number = 'EVIL-2026-000001' where number = 'NORTH-2026-000001'",
        "the ledger says what happened",
        "north: invoice EVIL-2026-000001 (EVIL-2026-000001) of 2026-11-05 on receivable",
        "expected 16.48 EUR, found nothing",
    ),
    Deed(
        "invoice",
        "update invoice set sequence = 3 where number = 'SOUTH-2026-000002'",
        "numbers of a year are 1 to n",
        "south: series SOUTH of 2026",
        "expected 1 to 2, found 1 to 3, 2 of them on 2 documents, without 2",
    ),
    Deed(
        "invoice",
        "update invoice set currency = 'ZZZ' where number = 'NORTH-2026-000001'",
        "the ledger says what happened",
        "north: allocation NORTH-2026-000001 (allocation 1) of 2026-11-05 on receivable",
        "expected -1648 minor units of ZZZ, found nothing",
    ),
    Deed(
        "series",
        "delete from series where issuer = 1",
        "numbers of a year are 1 to n",
        "north: series of 2026",
        "expected a series, found 1 to 1, 1 of them on 1 documents",
    ),
    Deed(
        "invoice_file",
        "update invoice_file set content = content || '\\x00'",
        "a file is what was stored",
        "north: PDF of invoice NORTH-2026-000001",
        "expected 315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027, 4 "
        "bytes, found bf84f404f8c87183bafd56762e8cb4238508058269d3110d1057cc08720a0cbb,"
        " 5 bytes",
    ),
    Deed(
        "statement_file",
        "update statement_file set size = 5",
        "a file is what was stored",
        "north: PDF of statement NORTH-C-2026-000001",
        "expected 315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027, 5 "
        "bytes, found 315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027,"
        " 4 bytes",
    ),
    Deed(
        "entry",
        "update entry set amount = amount + 3 where id = (select min(id) from entry)",
        "a posting sums to nothing",
        "north: commission NORTH-2026-000001",
        "expected 0.00 EUR, found 0.03 EUR",
    ),
    Deed(
        "entry",
        "insert into entry (book, posting, day, account, party, currency, amount) "
        "values (1, 999, '2026-11-05', 'cash', '', 'EUR', 5), (1, 999, '2026-11-05', "
        "'fees', '', 'EUR', -5)",
        "the ledger says what happened",
        "north: no posting  (nothing) of 2026-11-05 on fees",
        "expected nothing, found -0.05 EUR",
    ),
    Deed(
        "posting",
        "update posting set kind = 'fee' where kind = 'commission' and book = 1",
        "the ledger says what happened",
        "north: commission NORTH-2026-000001 (commission 1) of 2026-11-05 on commission_payable",
        "expected -2.03 EUR, found nothing",
    ),
    Deed(
        "posting",
        "delete from posting where kind = 'refund'",
        "the ledger says what happened",
        "north: refund back to sue (refund 1) of 2026-11-05 on credit",
        "expected 2.00 EUR, found nothing",
    ),
    Deed(
        "entry",
        "update entry set account = 'suspense' where account = 'credit' and amount = -2000",
        "unidentified money is what nobody has claimed",
        "north: suspense",
        "expected 7.00 EUR, found 27.00 EUR",
    ),
    Deed(
        "commission",
        "update commission set amount = amount + 1 where referral = 1",
        "a commission is earned on what is left or paid",
        "north: commission of rex on NORTH-2026-000001, level 1",
        "expected 2.03 EUR, found 2.04 EUR",
    ),
    Deed(
        "commission",
        "delete from commission where referral = 1",
        "what referrals are owed is not paid yet",
        "north: commissions of rex",
        "expected -2.03 EUR, found 0.00 EUR",
    ),
    Deed(
        "statement",
        "update statement set amount = amount + 1",
        "a statement is the sum of its commissions",
        "north: statement NORTH-C-2026-000001",
        "expected 2.03 EUR, found 2.04 EUR",
    ),
    Deed(
        "statement",
        "update statement set number = 'NORTH-C-2026-000002'",
        "a statement's number is its year and sequence",
        "north: statement NORTH-C-2026-000002",
        "expected …-C-2026-000001, found NORTH-C-2026-000002",
    ),
    Deed(
        "statement_series",
        "delete from statement_series",
        "numbers of statements of a year are 1 to n",
        "north: statements of 2026",
        "expected a series, found 1 to 1, 1 of them",
    ),
    Deed(
        "statement_entry",
        "delete from statement_entry",
        "a statement is the sum of its commissions",
        "north: statement NORTH-C-2026-000001",
        "expected 0.00 EUR, found 2.03 EUR",
    ),
    Deed(
        "statement_entry",
        "update statement_entry set freed = true",
        "a commission is on one statement of its referral",
        "north: commission of rex on NORTH-2026-000001",
        "expected one statement of rex, found NORTH-C-2026-000001 (paid, freed)",
    ),
    Deed(
        "payment",
        "update payment set amount = amount + 100 where reference = 'sue pays'",
        "what of a source is free is kept",
        "north: payment sue pays",
        "expected 2.52 EUR, found 1.52 EUR",
    ),
    Deed(
        "allocation",
        "update allocation set amount = amount + 500 where payment = 1",
        "never less than nothing is left",
        "north: invoice NORTH-2026-000001",
        "expected 0.00 EUR, found -5.00 EUR",
    ),
    Deed(
        "allocation",
        "update allocation set subscriber = 2 where payment = 1",
        "what is put on an invoice is its customer's",
        "north: allocation on NORTH-2026-000001 of another customer",
        "expected 0.00 EUR, found 16.48 EUR",
    ),
    Deed(
        "refund",
        "update refund set amount = 100",
        "a refund is the sum of its parts",
        "north: refund back to sue",
        "expected 1.00 EUR, found 2.00 EUR",
    ),
    Deed(
        "refund_part",
        "update refund_part set amount = 100",
        "what of a source is free is kept",
        "north: payment sue pays",
        "expected 2.52 EUR, found 1.52 EUR",
    ),
    Deed(
        "payment_return",
        "update payment_return set fee = 0",
        "the ledger says what happened",
        "south: fee tim pays (return 1) of 2026-11-05 on cash",
        "expected nothing, found -3.50 USD",
    ),
    Deed(
        "write_off",
        "update write_off set amount = 200",
        "what is left of all documents is what is owed",
        "south: receivable of subscriber 1",
        "expected 7.73 USD, found 8.73 USD",
    ),
    Deed(
        "outage_credit",
        "update outage_credit set amount = amount - 10",
        "notes of outages are their cameras' part of the invoice",
        "south: notes of outages on SOUTH-2026-000001",
        "expected 0.94 USD, found 1.05 USD",
    ),
    Deed(
        "outage_credit",
        "insert into outage_credit (cloud, issuer, subscriber, invoice, note, camera, "
        "days, amount) select cloud, issuer, subscriber, invoice, note, camera, 1 << 9,"
        " 0 from outage_credit",
        "an outage gives back no day twice, and no more than was charged",
        "south: outage of camera dock on SOUTH-2026-000001, days",
        "expected 3, found 4",
    ),
    Deed(
        "dunning_step",
        "with e as (insert into dunning_episode (cloud, subscriber, opened_at, recording_off)"
        " values (1, 1, now(), true) returning id) insert into dunning_step (cloud, subscriber,"
        " episode, days, action, outcome, at)"
        " select 1, 1, e.id, 24, 'suspend_recording', 'done', now() from e",
        "nobody is switched off without a warning before",
        "north: reminders of subscriber 1",
        "expected a warning before suspend_recording, found none",
    ),
    Deed(
        "card_charge",
        "with m as (insert into payment_method (cloud, subscriber, gateway, method, brand, last4,"
        " month, year, added_at) values (1, 1, 'stripe', 'pm', 'visa', '4242', 12, 2034, now())"
        " returning id) insert into card_charge (cloud, subscriber, invoice, attempt, currency,"
        " amount, gateway, payment_method, state, payment, created_at)"
        " select 1, 1, i.id, 1, i.currency, 5000, 'stripe', m.id, 'succeeded', p.id, now()"
        " from m, invoice i, payment p"
        " where i.number = 'NORTH-2026-000001' and p.reference = 'sue pays'",
        "cards are charged no more than the invoice",
        "north: charges of cards for NORTH-2026-000001",
        "expected 16.48 EUR, found 48.00 EUR",
    ),
    Deed(
        "bank_line",
        "insert into bank_line (issuer, cloud, bank_import, line, identity, is_whole, "
        "account, booked_on, currency, amount, bank_reference, end_to_end, batch, text,"
        " name, instructed, charges, state, reason, fee, suggestions) values (1, 1, 1, "
        "1, '', true, '', '2026-11-05', 'EUR', 700, 'B-1', '', '', '', '', '', '', "
        "'matched', '', 0, '{}')",
        "a line of the bank is money once",
        "north: bank line 1 of 2026-11-05 B-1",
        "expected 7.00 EUR, found 0.00 EUR",
    ),
    Deed(
        "entry",
        "update entry set account = 'credit' where account = 'receivable' and book = 2",
        "credit is what sources have free",
        "south: credit of subscriber 1",
        "expected 0.00 USD, found -8.73 USD",
    ),
    Deed(
        "audit",
        "update audit set object = 'somebody else' where id = (select max(id) from audit)",
        "the log is as it was written",
        "platform: audit log",
        "expected what was sealed, found cloud north: entry 8 was changed, or not made "
        "by Camledger.",
    ),
    Deed(
        "audit",
        "delete from audit where seq = 2 and cloud = 1",
        "the log is as it was written",
        "platform: audit log",
        "expected what was sealed, found cloud north: entries 2 to 2 are gone.",
    ),
    *SUMS,
)
