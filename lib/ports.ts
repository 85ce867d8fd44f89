import type { Account } from '#lib/accounts/account';
import type { AuditRecord } from '#lib/admin/audit-record';
import type { WalletAlerts } from '#lib/alerts/wallet-alerts';
import type {
  Application,
  ApplicationCount,
  CancelledProject,
  ProjectGate,
} from '#lib/applications/application';
import type { CreditPackage } from '#lib/catalog/package';
import type { RateLimit } from '#lib/contract/rate-limits';
import type { Allowance } from '#lib/limits/token-bucket';
import type { BulkChunk } from '#lib/bulk/bulk-task';
import type { Job } from '#lib/jobs/job';
import type { JobRow } from '#lib/jobs/job-row';
import type { SettingKey, SettingsHistory, StoredSetting } from '#lib/settings/settings';
import type { Decision, Refusal } from '#lib/ledger/decision';
import type { Entry, EntryType } from '#lib/ledger/entry';
import type { Head, WalletRef } from '#lib/ledger/wallet';
import type { EmailKind } from '#lib/notifications/email-request';
import type { EmailRecord } from '#lib/notifications/email-record';
import type { MoneyMovement } from '#lib/purchases/money-movement';
import type { PromoCode, Redemption } from '#lib/promo/promo-code';
import type { PaymentReference, Purchase, PurchaseCount } from '#lib/purchases/purchase';
import type { ProviderCustomer } from '#lib/purchases/provider-customer';
import type { QuarantinedEvent } from '#lib/purchases/quarantined-event';
import type { Reconciliation } from '#lib/purchases/reconciliation';
import type { QuotaCounter } from '#lib/subscriptions/quota';
import type { Subscription } from '#lib/subscriptions/subscription';
import type { SubscriptionRequest } from '#lib/subscriptions/subscription-request';
import type { TopUp } from '#lib/topups/top-up';
import type { HoldRecord } from '#lib/wallets/hold';
import type { SpendBatchRecord } from '#lib/wallets/spend-batch-record';
import type { VerificationProgress } from '#lib/wallets/verify-moved';
import type { TransferDay } from '#lib/wallets/transfer-day';
import type { RequestRecord } from '#lib/requests/request-record';
import type { Rollup, RollupProgress, RollupUsers } from '#lib/reports/rollup';

/**
 * What commands need of the table, in the words of the domain; `lib/store` implements it. Commands load, ask the
 * core, and commit: they know neither keys nor conditions nor the SDK.
 */

/** Every kind of item that is not a wallet head or an entry: what names one, and what it holds. */
export interface RecordTypes {
  readonly account: { readonly id: { readonly userId: string }; readonly value: Account };
  readonly setting: { readonly id: { readonly key: SettingKey }; readonly value: StoredSetting };
  readonly settingsHistory: {
    readonly id: { readonly of: 'all' };
    readonly value: SettingsHistory;
  };
  readonly refunded: {
    readonly id: { readonly userId: string; readonly entryId: string };
    /** Credits of a spend that refunds have given back so far. */
    readonly value: { readonly amount: number };
  };
  readonly hold: {
    readonly id: { readonly userId: string; readonly holdId: string };
    readonly value: HoldRecord;
  };
  readonly spendBatch: {
    readonly id: { readonly userId: string; readonly batchId: string };
    readonly value: SpendBatchRecord;
  };
  readonly subscription: {
    readonly id: { readonly userId: string };
    readonly value: Subscription;
  };
  readonly quotaCounter: {
    readonly id: { readonly userId: string; readonly feature: string };
    readonly value: QuotaCounter;
  };
  readonly transferDay: { readonly id: WalletRef; readonly value: TransferDay };
  readonly package: { readonly id: { readonly packageId: string }; readonly value: CreditPackage };
  readonly purchase: { readonly id: { readonly purchaseId: string }; readonly value: Purchase };
  readonly purchaseCount: {
    readonly id: { readonly userId: string };
    readonly value: PurchaseCount;
  };
  readonly moneyMovement: {
    readonly id: { readonly purchaseId: string; readonly number: number };
    readonly value: MoneyMovement;
  };
  readonly rollup: {
    /** An hour `2026-11-20T13`, a day `2026-11-20` or a month `2026-11`. */
    readonly id: { readonly period: string };
    readonly value: Rollup;
  };
  readonly rollupUsers: {
    readonly id: {
      readonly period: string;
      readonly creditType: string;
      /** Counted from 0. */
      readonly part: number;
    };
    readonly value: RollupUsers;
  };
  readonly rollupProgress: {
    readonly id: { readonly of: 'ledger' };
    readonly value: RollupProgress;
  };
  readonly verificationProgress: {
    readonly id: { readonly of: 'ledger' };
    readonly value: VerificationProgress;
  };
  readonly paymentReference: {
    /** The provider's id of a session or payment. */
    readonly id: { readonly provider: Purchase['provider']; readonly ref: string };
    readonly value: PaymentReference;
  };
  readonly providerCustomer: {
    readonly id: { readonly userId: string; readonly provider: Purchase['provider'] };
    readonly value: ProviderCustomer;
  };
  readonly topUp: { readonly id: WalletRef; readonly value: TopUp };
  readonly email: {
    /** One mail of each kind about each subject, for ever. */
    readonly id: { readonly userId: string; readonly kind: EmailKind; readonly subjectId: string };
    readonly value: EmailRecord;
  };
  readonly walletAlerts: { readonly id: WalletRef; readonly value: WalletAlerts };
  readonly requestKey: {
    readonly id: { readonly cause: string };
    /** What an Idempotency-Key was first used for, where its request leaves no record of its own. */
    readonly value: { readonly fingerprint: string; readonly at: string };
  };
  readonly quarantinedEvent: {
    readonly id: { readonly provider: Purchase['provider']; readonly eventId: string };
    readonly value: QuarantinedEvent;
  };
  readonly reconciliation: {
    readonly id: { readonly provider: Purchase['provider']; readonly at: string };
    readonly value: Reconciliation;
  };
  readonly application: {
    readonly id: { readonly projectId: string; readonly userId: string };
    readonly value: Application;
  };
  readonly applicationCount: {
    readonly id: { readonly userId: string };
    readonly value: ApplicationCount;
  };
  /** Only projects that were cancelled. */
  readonly project: {
    readonly id: { readonly projectId: string };
    readonly value: CancelledProject;
  };
  readonly projectGate: {
    readonly id: { readonly projectId: string; readonly gate: number };
    readonly value: ProjectGate;
  };
  readonly promoCode: { readonly id: { readonly code: string }; readonly value: PromoCode };
  readonly redemption: {
    readonly id: { readonly code: string; readonly userId: string };
    readonly value: Redemption;
  };
  readonly subscriptionRequest: {
    readonly id: { readonly cause: string };
    readonly value: SubscriptionRequest;
  };
  readonly request: {
    /** Of a request with an Idempotency-Key: `request:...`. */
    readonly id: { readonly cause: string };
    readonly value: RequestRecord;
  };
  readonly audit: {
    /** `at` is the record's own: its month and its place in it. */
    readonly id: { readonly at: string; readonly auditId: string };
    readonly value: AuditRecord;
  };
  readonly job: { readonly id: { readonly jobId: string }; readonly value: Job };
  readonly jobRow: {
    readonly id: { readonly jobId: string; readonly row: number };
    readonly value: JobRow;
  };
  readonly bulkChunk: {
    /** Numbered from 0, within what `contentId` names. */
    readonly id: { readonly jobId: string; readonly contentId: string; readonly chunk: number };
    readonly value: BulkChunk;
  };
}
export type RecordName = keyof RecordTypes;

/** Names one item: `{ record: 'account', id: { userId } }`. */
export type RecordRef<K extends RecordName = RecordName> = {
  readonly [N in K]: { readonly record: N; readonly id: RecordTypes[N]['id'] };
}[K];

/** An item as it was read. A write must name the version that it is based on. */
export interface Stored<K extends RecordName> {
  readonly value: RecordTypes[K]['value'];
  readonly version: number;
}

/** A conditional write: `version` null creates, and fails when the item is there; else it replaces that version. */
export type RecordWrite<K extends RecordName = RecordName> = {
  readonly [N in K]: {
    readonly record: N;
    readonly id: RecordTypes[N]['id'];
    readonly value: RecordTypes[N]['value'];
    readonly version: number | null;
  };
}[K];

/** The items that were asked for, by name: `read('account', { userId })`; null where there is none. */
export type Reader = <K extends RecordName>(
  record: K,
  id: RecordTypes[K]['id'],
) => Stored<K> | null;

/** An item that a transaction relies on without writing it: still at this version, or still absent (null). */
export type RecordCheck = RecordRef & { readonly version: number | null };

export type Committed = Extract<Decision, { readonly ok: true }>;

/** What a command wants to write, all of it in one transaction; or why it cannot, and then nothing is written. */
export type Plan<F> =
  | {
      readonly ok: true;
      /** One decision per wallet of the work, in its order. */
      readonly decisions: readonly Committed[];
      readonly writes?: readonly RecordWrite[];
      readonly checks?: readonly RecordCheck[];
    }
  | {
      readonly ok: false;
      readonly refusal: F;
      /** What is written all the same: for a command that is done and moves no credits. */
      readonly writes?: readonly RecordWrite[];
    };

/** One command over one or more wallets and whatever else belongs into its transaction. */
export interface Work<F> {
  /** The first wallet's entry of this cause is the command's idempotency record. */
  readonly wallets: readonly [WalletRef, ...WalletRef[]];
  readonly cause: string;
  /** Hash of the caller's request where the cause is its Idempotency-Key, else null. */
  readonly fingerprint: string | null;
  /** Items that the decision reads, strongly consistent, in the same round trip as the heads. */
  readonly reads?: readonly RecordRef[];
  /** Pure: it is called again with fresher state after a lost race. Heads are as stored; rules advance them. */
  readonly decide: (state: {
    readonly heads: readonly [Head, ...Head[]];
    readonly read: Reader;
  }) => Plan<F>;
}

/** Several entries in one wallet, each with a cause of its own, in one transaction. */
export interface BatchWork<R> {
  readonly wallet: WalletRef;
  /** Of every entry that the batch may make. */
  readonly causes: readonly string[];
  /** The record that answers a replay of the whole batch, or null where nobody can repeat it. */
  readonly record: RecordRef | null;
  /** Further items that the decision reads. */
  readonly reads?: readonly RecordRef[];
  /** Pure: it is called again with fresher state after a lost race. The head is as stored. */
  readonly decide: (state: {
    readonly head: Head;
    /** The entry that stands for a cause already, or null where there is none or it was not read. */
    readonly entryOf: (cause: string) => Entry | null;
    /** False at first: to write needs no look, because the write itself finds entries that are there. */
    readonly entriesRead: boolean;
    readonly read: Reader;
  }) => BatchPlan<R> | 'read_entries';
}

export interface BatchPlan<R> {
  readonly result: R;
  /** The head after the new entries; none where nothing moves. */
  readonly posting: { readonly head: Head; readonly entries: readonly Entry[] };
  readonly writes: readonly RecordWrite[];
}

export type Outcome<F = Refusal> =
  | {
      readonly kind: 'committed' | 'replayed';
      /** The entry of the command in its first wallet: the first answer, whenever it is asked for. */
      readonly entry: Entry;
    }
  /** The cause stands in the ledger already, made by another request: the key was used before. */
  | { readonly kind: 'reused'; readonly entry: Entry }
  | { readonly kind: 'refused'; readonly refusal: F };

/** A record of a wallet that is not as we write it: it is no number, or lacks one, or says something unheard of. */
export interface Unreadable {
  readonly creditType: string;
  /** The number of the entry, not a number where it has none; 0 for the head. */
  readonly seq: number;
  readonly detail: string;
}
export type TellUnreadable = (found: Unreadable) => void;

/** Deciding and writing. All reads are strongly consistent; every write is conditional. */
export interface LedgerStore {
  /** A wallet's head as stored; the empty head where there is no entry yet. */
  readonly loadHead: (wallet: WalletRef) => Promise<Head>;
  /** The heads of all wallets of a user, by credit type. Throws where one cannot be read, unless `tell` takes it. */
  readonly loadHeads: (userId: string, tell?: TellUnreadable) => Promise<readonly Head[]>;
  readonly loadEntry: (ref: {
    readonly userId: string;
    readonly entryId: string;
  }) => Promise<Entry | null>;
  /** All entries of a user's wallets, for a proof: cost grows with the history. Throws as `loadHeads` does. */
  readonly loadEntries: (userId: string, tell?: TellUnreadable) => Promise<readonly Entry[]>;
  readonly load: (refs: readonly RecordRef[]) => Promise<Reader>;
  /** Runs a command to its outcome: replay, refusal or commit. Throws ContentionError when races outlast the deadline. */
  readonly run: <F>(work: Work<F>) => Promise<Outcome<F>>;
  /** Runs a batch to its result, as `run` does a command. */
  readonly runBatch: <R>(work: BatchWork<R>) => Promise<R>;
  /** Writes down what time has done to a wallet (DESIGN 3.2): expired grants and holds. Answers the number of entries. */
  readonly sweep: (wallet: WalletRef, now: string) => Promise<number>;
  /** Writes records alone, all or none; false when one of them has another version by now. */
  readonly write: (writes: readonly [RecordWrite, ...RecordWrite[]]) => Promise<boolean>;
}

export interface HistoryQuery {
  readonly wallet: WalletRef;
  readonly type?: EntryType;
  /** Inclusive, ISO 8601 UTC with milliseconds. */
  readonly from?: string;
  /** Exclusive. */
  readonly to?: string;
  /** How many matched when a cursor began: entries that came in since move none of its pages. */
  readonly asOfTotal?: number;
  /** Entries to skip from the newest of those that match. */
  readonly offset: number;
  readonly limit: number;
}

export interface HistoryPage {
  /** Newest first. */
  readonly entries: readonly Entry[];
  /** How many entries match in all. */
  readonly total: number;
  /** The newest entry that the answer knows of (DESIGN 4). */
  readonly asOfSeq: number;
}

/** Reading back: pages whose cost does not grow with the history. */
export interface HistoryStore {
  readonly page: (query: HistoryQuery) => Promise<HistoryPage>;
  /** The newest entry made before each instant, or null: with its totals any period's usage is a subtraction. */
  readonly entriesBefore: (
    wallet: WalletRef,
    instants: readonly string[],
  ) => Promise<readonly (Entry | null)[]>;
  /**
   * The head after the newest entry that was made at or before an instant; advance it to the instant. Throws
   * ContentionError where an index has not caught up with entries of that time.
   */
  readonly headAt: (wallet: WalletRef, instant: string) => Promise<Head>;
}

/** A part of one UTC day. */
export interface DayQuery {
  /** Inclusive, ISO 8601 UTC with milliseconds. */
  readonly from: string;
  /** Exclusive: at most the end of the day of `from`. */
  readonly to: string;
  /** Where the page before ended, or null from the start. */
  readonly after: string | null;
  /** A page may be shorter, and still not be the last. */
  readonly limit: number;
  /** Else oldest first: by time, then by id. */
  readonly newestFirst?: boolean;
}

export interface DayPage {
  readonly entries: readonly Entry[];
  /** Where the next page goes on; null on the last. */
  readonly next: string | null;
}

/**
 * Everybody's entries by day, in one order however many partitions hold them. A moment behind the table, and an entry
 * may appear behind others that were made after it: whoever goes on from `next` must leave the last moments out.
 */
export interface DayStore {
  readonly page: (query: DayQuery) => Promise<DayPage>;
}

/** An entry as its keys and number tell of it, whatever the rest of it says. */
export interface WalletMove {
  readonly wallet: WalletRef;
  /** Not a number where there is none. */
  readonly seq: number;
  /** The time that it has in the index. */
  readonly at: string;
}

export interface MovePage {
  readonly moves: readonly WalletMove[];
  readonly next: string | null;
}

/** The entries of a day, as `DayStore` has them, for a proof: one that makes no sense must not hide the others. */
export interface MoveStore {
  readonly page: (query: DayQuery) => Promise<MovePage>;
}

export interface PurchasePage {
  /** Newest first. */
  readonly purchases: readonly Purchase[];
  readonly total: number;
}

/** A user's purchases, in pages whose cost does not grow with their number. */
export interface PurchaseStore {
  readonly page: (query: {
    readonly userId: string;
    /** Only purchases up to this number, so that a later one moves no page of a list that somebody goes through. */
    readonly upTo?: number;
    /** Purchases to skip from the newest of those. */
    readonly offset: number;
    readonly limit: number;
  }) => Promise<PurchasePage>;
}

/** All users' purchases by the day on which they began, a moment behind the table. */
export interface RecentPurchaseStore {
  /** Oldest first. `day` is a UTC date, as 2026-11-20. */
  readonly createdOn: (day: string) => Promise<readonly Purchase[]>;
  /** A part of one day, newest first; `after` is what a page before answered as `next`. */
  readonly page: (query: Omit<DayQuery, 'newestFirst'>) => Promise<{
    readonly purchases: readonly Purchase[];
    readonly next: string | null;
  }>;
}

/** What purchases brought in and gave back, oldest first, a moment behind the table. */
export interface MoneyStore {
  /** Within one UTC day; `to` is excluded. */
  readonly between: (period: {
    readonly from: string;
    readonly to: string;
  }) => Promise<readonly MoneyMovement[]>;
}

/** Closed hours and days, oldest first. A period without entries may have none. */
export interface RollupStore {
  /** The hours of one day from `first` to `last`, as `2026-11-20T13`, both included. */
  readonly hours: (range: {
    readonly first: string;
    readonly last: string;
  }) => Promise<readonly Rollup[]>;
  /** The days from `first` to `last`, as `2026-11-20`, both included. */
  readonly days: (range: {
    readonly first: string;
    readonly last: string;
  }) => Promise<readonly Rollup[]>;
}

/** What comparisons with the providers' records came to. */
export interface ReconciliationStore {
  /** A provider's latest reports, newest first. */
  readonly latest: (query: {
    readonly provider: Purchase['provider'];
    readonly limit: number;
  }) => Promise<readonly Reconciliation[]>;
}

/** How often each caller asks (DESIGN 5, limits). */
export interface RateLimitStore {
  /** Takes one token from a caller's bucket, or tells when there will be one. */
  readonly take: (request: {
    readonly principal: { readonly kind: string; readonly id: string };
    readonly limit: RateLimit;
    /** ISO 8601 UTC. */
    readonly now: string;
  }) => Promise<Allowance>;
}

/** Applications to projects. */
export interface ApplicationStore {
  /** A user's, newest first, in pages whose cost does not grow with their number. */
  readonly page: (query: {
    readonly userId: string;
    /** Only applications up to this number. */
    readonly upTo?: number | undefined;
    readonly offset: number;
    readonly limit: number;
  }) => Promise<{ readonly applications: readonly Application[]; readonly total: number }>;
  /** A project's, by user id, strongly consistent: those after a user, and where to go on, or null. */
  readonly ofProject: (query: {
    readonly projectId: string;
    readonly after: string | null;
    readonly limit: number;
  }) => Promise<{ readonly applications: readonly Application[]; readonly next: string | null }>;
}

/** Promotional codes, and who has redeemed them. */
export interface PromoStore {
  /** Newest first. `after` is what a page before answered as `next`; else `offset` codes are skipped. */
  readonly codes: (query: {
    readonly after: string | null;
    readonly offset: number;
    readonly limit: number;
  }) => Promise<{ readonly codes: readonly PromoCode[]; readonly next: string | null }>;
  /** Newest first, in pages whose cost does not grow with their number; `total` is the code's count of uses. */
  readonly redemptions: (query: {
    readonly code: string;
    readonly total: number;
    /** Only redemptions up to this number. */
    readonly upTo?: number | undefined;
    readonly offset: number;
    readonly limit: number;
  }) => Promise<readonly Redemption[]>;
}

/** What is or was on sale. */
export interface CatalogStore {
  readonly packages: () => Promise<readonly CreditPackage[]>;
  /** The same with their versions, for who changes them. */
  readonly storedPackages: () => Promise<readonly Stored<'package'>[]>;
}

export interface QuarantinePage {
  /** Newest first. */
  readonly events: readonly QuarantinedEvent[];
  /** Where the next page goes on, or null. */
  readonly next: string | null;
}

/** Events that wait for a person. */
export interface QuarantineStore {
  readonly page: (query: {
    /** All providers when absent. */
    readonly provider?: Purchase['provider'];
    /** What a page before answered as `next`; else `offset` events are skipped. */
    readonly after: string | null;
    readonly offset: number;
    readonly limit: number;
  }) => Promise<QuarantinePage>;
}

/** What was mailed to whom. */
export interface EmailStore {
  /** A user's newest, newest first; not complete where there are too many to have looked at all. */
  readonly latest: (query: {
    readonly userId: string;
    readonly limit: number;
  }) => Promise<{ readonly emails: readonly EmailRecord[]; readonly isComplete: boolean }>;
}

export interface AuditQuery {
  readonly actor?: string | undefined;
  /** The user it was done to. */
  readonly userId?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditRecord['outcome'] | undefined;
  /** Inclusive, ISO 8601 UTC with milliseconds. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
  readonly now: string;
  /** What a page before answered as `next`; else `offset` records are skipped. */
  readonly after: string | null;
  readonly offset: number;
  readonly limit: number;
}

export interface AuditPage {
  /** Newest first; fewer than asked for where filters pass over much, and then `next` goes on. */
  readonly records: readonly AuditRecord[];
  readonly next: string | null;
}

/** Who did what. */
export interface AuditStore {
  readonly page: (query: AuditQuery) => Promise<AuditPage>;
}

/** What a write to the table meant, as its stream tells it afterwards. */
export type TableChange =
  | { readonly kind: 'entry_created'; readonly entry: Entry }
  | {
      readonly kind: 'purchase_changed';
      /** Null where the purchase has just begun. */
      readonly before: Purchase | null;
      readonly after: Purchase;
    }
  | {
      readonly kind: 'wallet_changed';
      /** Null before its first entry. */
      readonly before: Head | null;
      readonly after: Head;
    }
  | {
      readonly kind: 'alerts_changed';
      readonly before: WalletAlerts | null;
      readonly after: WalletAlerts;
    }
  | { readonly kind: 'top_up_changed'; readonly before: TopUp | null; readonly after: TopUp }
  | {
      readonly kind: 'subscription_changed';
      readonly before: Subscription | null;
      readonly after: Subscription;
    }
  /** Nothing that anyone outside is told of. */
  | { readonly kind: 'other' };

/** What time alone will change. */
export interface DueStore {
  /**
   * Wallets in which something expires by then, page after page: `after` is what the page before answered as `next`,
   * null for the first.
   */
  readonly dueBy: (query: {
    readonly by: string;
    readonly limit: number;
    readonly after: string | null;
  }) => Promise<{ readonly wallets: readonly WalletRef[]; readonly next: string | null }>;
  /** Wallets in which something has expired by `now`, soonest due first within what one look finds. */
  readonly dueWallets: (query: {
    readonly now: string;
    readonly limit: number;
  }) => Promise<readonly WalletRef[]>;
}

/** How often a user has used each feature. */
export interface QuotaStore {
  /** Every counter of a user in one query, strongly consistent: one for each feature that was ever used. */
  readonly countersOf: (userId: string) => Promise<readonly QuotaCounter[]>;
}

/** Whose monthly credits a schedule grants. */
export interface PlanDueStore {
  /** Users of whose subscription the provider has to be asked by `now`; a moment behind the table. */
  readonly dueChecks: (query: {
    readonly now: string;
    readonly limit: number;
  }) => Promise<readonly string[]>;
  /** Users whose next month has begun by `now`; a moment behind the table. */
  readonly dueUsers: (query: {
    readonly now: string;
    readonly limit: number;
  }) => Promise<readonly string[]>;
}

/** Many wallets at once, strongly consistent, for telling what a bulk run would do. */
export interface WalletReader {
  /** In the order that was asked for; the empty head where there is no entry yet. */
  readonly heads: (wallets: readonly WalletRef[]) => Promise<readonly Head[]>;
  /** Of these users, those who have neither an account nor a wallet. */
  readonly unknownUsers: (userIds: readonly string[]) => Promise<readonly string[]>;
}

/** Files for people, too large for the table. */
export interface FileStore {
  readonly put: (key: string, text: string) => Promise<void>;
  readonly get: (key: string) => Promise<string>;
  /** Begins a file that is written in parts; `name` is what a browser saves it as. Answers the upload's id. */
  readonly beginUpload: (
    key: string,
    file: { readonly name: string; readonly contentType: string },
  ) => Promise<string>;
  /** Writes part `number` (from 1), again if it was written before; all but the last have 5 MiB or more. Answers its tag. */
  readonly putPart: (part: {
    readonly key: string;
    readonly uploadId: string;
    readonly number: number;
    readonly text: string;
  }) => Promise<string>;
  /** Makes one file of the parts; done again, it changes nothing. */
  readonly finishUpload: (upload: {
    readonly key: string;
    readonly uploadId: string;
    readonly etags: readonly string[];
  }) => Promise<void>;
  /** An address that anyone who has it can read the file at until it expires. */
  readonly link: (file: {
    readonly key: string;
    readonly expiresInSeconds: number;
  }) => Promise<string>;
}

/** Automatic top-ups that somebody has to look at, whatever their wallets do. */
export interface TopUpStore {
  /** The longest due first; a moment behind the table. */
  readonly dueBy: (query: {
    readonly now: string;
    readonly limit: number;
  }) => Promise<readonly WalletRef[]>;
}

/** Jobs and what became of their rows. */
export interface JobStore {
  /** Ids of open jobs that have not come forward since an instant, the longest silent first; a moment behind. */
  readonly silentSince: (query: {
    readonly before: string;
    readonly limit: number;
  }) => Promise<readonly string[]>;
  /** The results of rows `first` to `last` (inclusive) that have one, in order, strongly consistent. */
  readonly rows: (query: {
    readonly jobId: string;
    readonly first: number;
    readonly last: number;
  }) => Promise<readonly JobRow[]>;
}

/** Writers of one wallet raced past the deadline, or the table is too busy: the caller may try again (503). */
export class ContentionError extends Error {
  override readonly name = 'ContentionError';
}
