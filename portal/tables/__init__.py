"""The tables: columns and constraints, one file per concept, no logic.

A column that is `secret` cannot be read by the table browser: keys and their hashes, passwords,
sessions, and bytes that are no text.
"""

from portal.tables.accounts.link import KeptForm, SentForm, SignInLink
from portal.tables.accounts.user import (
    ApiKey,
    IdempotentAnswer,
    PortalUser,
    RecoveryCode,
    SignInAttempt,
    UserSession,
)
from portal.tables.accounts.view import ViewAs
from portal.tables.audit import Audit
from portal.tables.backup import Backup
from portal.tables.books.bank import (
    BankImport,
    BankLine,
    BankPayment,
    BankUpload,
    CsvMapping,
    PayerAccount,
)
from portal.tables.books.card import (
    CardAccount,
    CardCharge,
    CardCustomer,
    CardDispute,
    CardPayout,
    CardRefund,
    CardSetUp,
    GatewayEvent,
    PaymentFee,
    PaymentMethod,
)
from portal.tables.books.charge import (
    Charge,
    CorrectedDays,
    Margin,
    Measurement,
    SubscriberMonth,
    TariffMonth,
)
from portal.tables.books.claim import Dispute, WriteOff
from portal.tables.books.commission import (
    Commission,
    CommissionDay,
    CommissionSum,
    CommissionTerm,
)
from portal.tables.books.draft import (
    Draft,
    DraftBatch,
    DraftDocument,
    DraftInvoice,
    DraftMargin,
    DraftMark,
    DraftSubscriber,
    DraftSurprise,
    DraftTariff,
    Seen,
)
from portal.tables.books.dunning import (
    DunningEpisode,
    DunningPause,
    DunningPolicy,
    DunningStep,
    DunningTurn,
)
from portal.tables.books.estimate import Estimate, EstimateEarned, EstimateSum, MonthFinding
from portal.tables.books.invoice import (
    Invoice,
    InvoiceFile,
    InvoiceLine,
    InvoiceSum,
    InvoiceWait,
    Series,
)
from portal.tables.books.ledger import Entry, EntrySum, Posting
from portal.tables.books.outage import OutageCredit
from portal.tables.books.payment import (
    Allocation,
    CreditSource,
    Payment,
    PaymentReturn,
    PaymentSum,
    Refund,
    RefundPart,
)
from portal.tables.books.period import (
    Period,
    PeriodBatch,
    PeriodDocument,
    PeriodPart,
    PeriodSettled,
    PoolShare,
    UnratedUsage,
)
from portal.tables.books.question import Question, QuestionMessage
from portal.tables.books.real_use import RealUse
from portal.tables.books.sending import (
    DocumentOpening,
    HandOver,
    HandOverDocument,
    SendingDue,
    SendingSum,
)
from portal.tables.books.statement import (
    CommissionHold,
    Statement,
    StatementEntry,
    StatementFile,
    StatementRun,
    StatementSeries,
)
from portal.tables.books.verification import Verification
from portal.tables.catalog.service import Meter, Service
from portal.tables.catalog.tariff import Tariff, TariffItem, TariffVersion
from portal.tables.clock import TestClock
from portal.tables.customers.camera import AcceptedExcess, Camera, CameraWord, Subscription
from portal.tables.customers.cloud import Cloud, Rate
from portal.tables.customers.referral import Referral
from portal.tables.customers.subscriber import DetailsRequest, Subscriber, SubscriberWord
from portal.tables.delivery import Delivery
from portal.tables.platform import Platform
from portal.tables.task import Task
from portal.tables.usage import (
    MissingDays,
    Usage,
    UsageChange,
    UsageCorrected,
    UsageCorrection,
    UsageSum,
)
from portal.tables.watcher.connection import (
    CameraInterval,
    Connection,
    Reading,
    ReadingCamera,
    RecordedDay,
    WatcherOrganization,
    WatcherPreset,
)
from portal.tables.watcher.difference import DifferenceMark, DifferenceMonth, DifferenceRow
from portal.tables.watcher.provisioning import ProvisionedCamera, ProvisionedPreset
from portal.tables.webhook import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookOverdue,
    WebhookTry,
)

__all__ = [
    "AcceptedExcess",
    "Allocation",
    "ApiKey",
    "Audit",
    "Backup",
    "BankImport",
    "BankLine",
    "BankPayment",
    "BankUpload",
    "Camera",
    "CameraInterval",
    "CameraWord",
    "CardAccount",
    "CardCharge",
    "CardCustomer",
    "CardDispute",
    "CardPayout",
    "CardRefund",
    "CardSetUp",
    "Charge",
    "Cloud",
    "Commission",
    "CommissionDay",
    "CommissionHold",
    "CommissionSum",
    "CommissionTerm",
    "Connection",
    "CorrectedDays",
    "CreditSource",
    "CsvMapping",
    "Delivery",
    "DetailsRequest",
    "DifferenceMark",
    "DifferenceMonth",
    "DifferenceRow",
    "Dispute",
    "DocumentOpening",
    "Draft",
    "DraftBatch",
    "DraftDocument",
    "DraftInvoice",
    "DraftMargin",
    "DraftMark",
    "DraftSubscriber",
    "DraftSurprise",
    "DraftTariff",
    "DunningEpisode",
    "DunningPause",
    "DunningPolicy",
    "DunningStep",
    "DunningTurn",
    "Entry",
    "EntrySum",
    "Estimate",
    "EstimateEarned",
    "EstimateSum",
    "GatewayEvent",
    "HandOver",
    "HandOverDocument",
    "IdempotentAnswer",
    "Invoice",
    "InvoiceFile",
    "InvoiceLine",
    "InvoiceSum",
    "InvoiceWait",
    "KeptForm",
    "Margin",
    "Measurement",
    "Meter",
    "MissingDays",
    "MonthFinding",
    "OutageCredit",
    "PayerAccount",
    "Payment",
    "PaymentFee",
    "PaymentMethod",
    "PaymentReturn",
    "PaymentSum",
    "Period",
    "PeriodBatch",
    "PeriodDocument",
    "PeriodPart",
    "PeriodSettled",
    "Platform",
    "PoolShare",
    "PortalUser",
    "Posting",
    "ProvisionedCamera",
    "ProvisionedPreset",
    "Question",
    "QuestionMessage",
    "Rate",
    "Reading",
    "ReadingCamera",
    "RealUse",
    "RecordedDay",
    "RecoveryCode",
    "Referral",
    "Refund",
    "RefundPart",
    "Seen",
    "SendingDue",
    "SendingSum",
    "SentForm",
    "Series",
    "Service",
    "SignInAttempt",
    "SignInLink",
    "Statement",
    "StatementEntry",
    "StatementFile",
    "StatementRun",
    "StatementSeries",
    "Subscriber",
    "SubscriberMonth",
    "SubscriberWord",
    "Subscription",
    "Tariff",
    "TariffItem",
    "TariffMonth",
    "TariffVersion",
    "Task",
    "TestClock",
    "UnratedUsage",
    "Usage",
    "UsageChange",
    "UsageCorrected",
    "UsageCorrection",
    "UsageSum",
    "UserSession",
    "Verification",
    "ViewAs",
    "WatcherOrganization",
    "WatcherPreset",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookOverdue",
    "WebhookTry",
    "WriteOff",
]
