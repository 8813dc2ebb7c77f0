"""Files as banks give them, built of what a story needs; North's account is at an Austrian bank."""

from __future__ import annotations

from collections.abc import Iterable

from portal.books.actions.bank.uploads import Reader
from portal.crypto.marks import Marks
from portal.gateways.bank.reader import read_bank_file
from portal.ports import Vault

ACCOUNT = "AT611904300234573201"
SUES_ACCOUNT = "IT60X0542811101000000123456"
URN = "urn:iso:std:iso:20022:tech:xsd:"
OUTER = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}


def camt(
    *entries: str,
    message: str = "053",
    version: str = "08",
    prefix: str = "",
    account: str = ACCOUNT,
) -> bytes:
    """A file of one statement. With a `prefix` every element has it: "ns2:Ntry"."""
    outer, inner = OUTER[message]
    body = (
        f"<{outer}><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-05T06:00:00</CreDtTm></GrpHdr>"
        f"<{inner}><Id>1</Id><CreDtTm>2026-11-05T06:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id></Acct>{''.join(entries)}</{inner}></{outer}>"
    )
    space = f"{URN}camt.{message}.001.{version}"
    if not prefix:
        return f'<?xml version="1.0"?><Document xmlns="{space}">{body}</Document>'.encode()
    body = body.replace("</", "\0").replace("<", f"<{prefix}:").replace("\0", f"</{prefix}:")
    return f'<{prefix}:Document xmlns:{prefix}="{space}">{body}</{prefix}:Document>'.encode()


def entry(
    amount: str,
    *transactions: str,
    sign: str = "CRDT",
    day: str = "2026-11-03",
    reference: str = "",
    status: str = "<Cd>BOOK</Cd>",
    currency: str = "EUR",
    more: str = "",
    batch: str = "",
) -> str:
    """An entry; `more` is any element beside those that all have."""
    given = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    block = f"<Btch><PmtInfId>{batch}</PmtInfId></Btch>" if batch else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{more}'
        f"<Sts>{status}</Sts><BookgDt><Dt>{day}</Dt></BookgDt>{given}"
        f"<NtryDtls>{block}{''.join(transactions)}</NtryDtls></Ntry>"
    )


def transaction(
    amount: str = "",
    *texts: str,
    end_to_end: str = "NOTPROVIDED",
    reference: str = "",
    name: str = "",
    iban: str = "",
    rf: str = "",
    numbers: Iterable[str] = (),
    more: str = "",
    pty: bool = True,
) -> str:
    """A transaction within an entry; `more` is any element beside those that all have."""
    given = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    paid = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    party = f"<Pty><Nm>{name}</Nm></Pty>" if pty else f"<Nm>{name}</Nm>"
    payer = f"<Dbtr>{party}</Dbtr>" if name else ""
    account = f"<DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct>" if iban else ""
    told = "".join(f"<Ustrd>{text}</Ustrd>" for text in texts)
    apart = f"<Strd><CdtrRefInf><Ref>{rf}</Ref></CdtrRefInf></Strd>" if rf else ""
    apart += "".join(f"<Strd><RfrdDocInf><Nb>{one}</Nb></RfrdDocInf></Strd>" for one in numbers)
    return (
        f"<TxDtls><Refs>{given}<EndToEndId>{end_to_end}</EndToEndId></Refs>{paid}{more}"
        f"<RltdPties>{payer}{account}</RltdPties><RmtInf>{told}{apart}</RmtInf></TxDtls>"
    )


def bank_reader(vault: Vault) -> Reader:
    """What workers read files of banks with."""
    return Reader(vault, read_bank_file, Marks(b"k" * 32))
