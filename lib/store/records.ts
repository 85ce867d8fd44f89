import * as z from 'zod';
import { accountSchema } from '#lib/accounts/account';
import { auditRecordSchema } from '#lib/admin/audit-record';
import { bulkChunkSchema } from '#lib/bulk/bulk-task';
import { walletAlertsSchema } from '#lib/alerts/wallet-alerts';
import {
  applicationCountSchema,
  applicationSchema,
  projectGateSchema,
  projectSchema,
} from '#lib/applications/application';
import { packageSchema } from '#lib/catalog/package';
import { isFinished, jobSchema } from '#lib/jobs/job';
import { jobRowSchema } from '#lib/jobs/job-row';
import { emailRecordSchema } from '#lib/notifications/email-record';
import { promoCodeSchema, redemptionSchema } from '#lib/promo/promo-code';
import { providerCustomerSchema } from '#lib/purchases/provider-customer';
import { quarantinedEventSchema } from '#lib/purchases/quarantined-event';
import { reconciliationSchema } from '#lib/purchases/reconciliation';
import { requestSchema } from '#lib/requests/request-record';
import { settingSchema, settingsHistorySchema } from '#lib/settings/settings';
import { rollupProgressSchema, rollupSchema, rollupUsersSchema } from '#lib/reports/rollup';
import { checkDueAt } from '#lib/subscriptions/due-check';
import { quotaCounterSchema } from '#lib/subscriptions/quota';
import { subscriptionSchema } from '#lib/subscriptions/subscription';
import { subscriptionRequestSchema } from '#lib/subscriptions/subscription-request';
import { topUpSchema } from '#lib/topups/top-up';
import { holdSchema } from '#lib/wallets/hold';
import { spendBatchSchema } from '#lib/wallets/spend-batch-record';
import { transferDaySchema } from '#lib/wallets/transfer-day';
import { verificationProgressSchema } from '#lib/wallets/verify-moved';
import { invariant } from '#lib/invariant';
import type { RecordName, RecordRef, RecordTypes, RecordWrite, Stored } from '#lib/ports';
import { moneyMovementSchema } from '#lib/purchases/money-movement';
import {
  paymentReferenceSchema,
  type Purchase,
  purchaseCountSchema,
  purchaseSchema,
} from '#lib/purchases/purchase';
import {
  accountKey,
  APPLICATION_PREFIX,
  type Key,
  keyPart,
  providerPart,
  refundedKey,
  SHARDS,
  settingKey,
  sequenceKey,
  shardOf,
  userPartition,
} from '#lib/store/keys';
import { fromItem, type ItemValue, toItem } from '#lib/store/names';

/*
 * Everything in the table that is not a wallet or an entry. Adding a kind is one row here and one in `RecordTypes`:
 * reading, versioned writing and taking part in a ledger transaction come with it.
 */

export interface RecordSpec<K extends RecordName> {
  readonly key: (id: RecordTypes[K]['id']) => Key;
  readonly schema: z.ZodType<RecordTypes[K]['value']>;
  /** Attributes beside the value: index keys, `ttl`. */
  readonly attributes?: (value: RecordTypes[K]['value'], id: RecordTypes[K]['id']) => ItemValue;
}

const records: { readonly [K in RecordName]: RecordSpec<K> } = {
  account: { key: (id) => accountKey(id.userId), schema: accountSchema },
  setting: { key: (id) => settingKey(id.key), schema: settingSchema },
  settingsHistory: { key: () => settingKey('VERSION'), schema: settingsHistorySchema },
  refunded: { key: refundedKey, schema: z.object({ amount: z.int() }) },
  hold: {
    key: ({ userId, holdId }) => ({ pk: userPartition(userId), sk: `HOLD#${keyPart(holdId)}` }),
    schema: holdSchema,
  },
  spendBatch: {
    key: ({ userId, batchId }) => ({ pk: userPartition(userId), sk: `BATCH#${keyPart(batchId)}` }),
    schema: spendBatchSchema,
  },
  subscription: {
    key: ({ userId }) => ({ pk: userPartition(userId), sk: SUBSCRIPTION_SORT_KEY }),
    schema: subscriptionSchema,
    // Who has FREE waits for the next month, and who pays for what the provider tells: never both.
    attributes: (subscription) => {
      const { creditsDueAt, userId } = subscription;
      const shard = shardOf(userId);
      const checkAt = checkDueAt(subscription);
      if (creditsDueAt !== null) {
        return { gsi4pk: planShard(shard), gsi4sk: `${creditsDueAt}#${userId}` };
      }
      return checkAt === null ? {} : { gsi4pk: checkShard(shard), gsi4sk: `${checkAt}#${userId}` };
    },
  },
  quotaCounter: {
    key: ({ userId, feature }) => ({
      pk: userPartition(userId),
      sk: `${QUOTA_PREFIX}${keyPart(feature)}`,
    }),
    schema: quotaCounterSchema,
  },
  transferDay: {
    key: ({ userId, creditType }) => ({
      pk: userPartition(userId),
      sk: `TRANSFERS#${keyPart(creditType)}`,
    }),
    schema: transferDaySchema,
  },
  package: {
    key: (id) => ({ pk: CATALOG_PARTITION, sk: keyPart(id.packageId) }),
    schema: packageSchema,
  },
  purchase: {
    key: (id) => ({ pk: `PURCHASE#${keyPart(id.purchaseId)}`, sk: PURCHASE_SORT_KEY }),
    schema: purchaseSchema,
    attributes: (purchase) => ({
      gsi1pk: purchasesPartition(purchase.userId),
      gsi1sk: sequenceKey(purchase.number),
      gsi2pk: purchaseDayPartition(purchase.createdAt.slice(0, 10)),
      gsi2sk: `${purchase.createdAt}#${purchase.id}`,
    }),
  },
  purchaseCount: {
    key: (id) => ({ pk: userPartition(id.userId), sk: 'PURCHASES' }),
    schema: purchaseCountSchema,
  },
  moneyMovement: {
    key: ({ purchaseId, number }) => ({
      pk: `PURCHASE#${keyPart(purchaseId)}`,
      sk: `MONEY#${sequenceKey(number)}`,
    }),
    schema: moneyMovementSchema,
    attributes: ({ at, purchaseId, number }) => ({
      gsi2pk: moneyDayPartition(at.slice(0, 10)),
      gsi2sk: `${at}#${purchaseId}#${sequenceKey(number)}`,
    }),
  },
  rollup: { key: ({ period }) => rollupKey(period), schema: rollupSchema },
  rollupUsers: {
    key: ({ period, creditType, part }) => {
      const { pk, sk } = rollupKey(period);
      const number = String(part).padStart(4, '0');
      return { pk, sk: `USERS#${sk}#${keyPart(creditType)}#${number}` };
    },
    schema: rollupUsersSchema,
  },
  rollupProgress: {
    key: () => ({ pk: 'ROLLUP', sk: 'PROGRESS' }),
    schema: rollupProgressSchema,
  },
  verificationProgress: {
    key: () => ({ pk: 'VERIFICATION', sk: 'PROGRESS' }),
    schema: verificationProgressSchema,
  },
  paymentReference: {
    key: (id) => ({ pk: `PAYMENT#${id.provider}#${providerPart(id.ref)}`, sk: 'PAYMENT' }),
    schema: paymentReferenceSchema,
  },
  email: {
    key: ({ userId, kind, subjectId }) => ({
      pk: userPartition(userId),
      // A purchase of ours, or a provider's refund or dispute.
      sk: `${EMAIL_PREFIX}${kind}#${providerPart(subjectId)}`,
    }),
    schema: emailRecordSchema,
  },
  walletAlerts: {
    key: ({ userId, creditType }) => ({
      pk: userPartition(userId),
      sk: `${ALERTS_PREFIX}${keyPart(creditType)}`,
    }),
    schema: walletAlertsSchema,
  },
  requestKey: {
    key: ({ cause }) => ({
      pk: `REQUEST#${keyPart(cause.replace(/^request:/, ''))}`,
      sk: 'REQUEST',
    }),
    schema: z.object({ fingerprint: z.string(), at: z.string() }),
    attributes: ({ at }) => ({ ttl: Math.floor(Date.parse(at) / 1000) + KEYS_KEPT_S }),
  },
  providerCustomer: {
    key: ({ userId, provider }) => ({ pk: userPartition(userId), sk: `CUSTOMER#${provider}` }),
    schema: providerCustomerSchema,
  },
  topUp: {
    key: ({ userId, creditType }) => ({
      pk: userPartition(userId),
      sk: `${TOPUP_PREFIX}${keyPart(creditType)}`,
    }),
    schema: topUpSchema,
    // Only while time alone may change it.
    attributes: ({ checkAt, creditType, userId }) =>
      checkAt === null
        ? {}
        : {
            gsi4pk: DUE_TOPUPS_PARTITION,
            gsi4sk: `${checkAt}#${keyPart(userId)}#${keyPart(creditType)}`,
          },
  },
  quarantinedEvent: {
    key: (id) => ({ pk: `EVENT#${id.provider}`, sk: providerPart(id.eventId) }),
    schema: quarantinedEventSchema,
    attributes: (event) => {
      const newestLast = `${event.receivedAt}#${event.provider}#${event.eventId}`;
      return {
        gsi1pk: QUARANTINE_PARTITION,
        gsi1sk: newestLast,
        gsi3pk: quarantinePartition(event.provider),
        gsi3sk: newestLast,
      };
    },
  },
  reconciliation: {
    key: ({ provider, at }) => ({ pk: reconciliationPartition(provider), sk: at }),
    schema: reconciliationSchema,
    attributes: ({ at }) => ({ ttl: Math.floor(Date.parse(at) / 1000) + REPORTS_KEPT_S }),
  },
  application: {
    key: ({ projectId, userId }) => ({
      pk: projectPartition(projectId),
      sk: `${APPLICATION_PREFIX}${keyPart(userId)}`,
    }),
    schema: applicationSchema,
    attributes: ({ number, userId }) => ({
      gsi1pk: applicationsPartition(userId),
      gsi1sk: sequenceKey(number),
    }),
  },
  applicationCount: {
    key: ({ userId }) => ({ pk: userPartition(userId), sk: 'APPLICATIONS' }),
    schema: applicationCountSchema,
  },
  project: {
    key: ({ projectId }) => ({ pk: projectPartition(projectId), sk: 'PROJECT' }),
    schema: projectSchema,
  },
  projectGate: {
    key: ({ gate, projectId }) => ({ pk: projectPartition(projectId), sk: `GATE#${gate}` }),
    schema: projectGateSchema,
  },
  promoCode: {
    key: (id) => ({ pk: promoPartition(id.code), sk: 'PROMO' }),
    schema: promoCodeSchema,
    attributes: ({ code, createdAt }) => ({
      gsi1pk: PROMO_CODES_PARTITION,
      gsi1sk: `${createdAt}#${code}`,
    }),
  },
  redemption: {
    key: ({ code, userId }) => ({
      pk: promoPartition(code),
      sk: `REDEMPTION#${keyPart(userId)}`,
    }),
    schema: redemptionSchema,
    attributes: ({ code, number }) => ({
      gsi1pk: redemptionsPartition(code),
      gsi1sk: sequenceKey(number),
    }),
  },
  subscriptionRequest: {
    key: ({ cause }) => ({
      pk: `REQUEST#${keyPart(cause.replace('request:', ''))}`,
      sk: 'REQUEST',
    }),
    schema: subscriptionRequestSchema,
  },
  request: {
    key: ({ cause }) => ({
      pk: `REQUEST#${keyPart(cause.replace('request:', ''))}`,
      sk: 'REQUEST',
    }),
    schema: requestSchema,
  },
  audit: {
    key: ({ at, auditId }) => ({
      pk: auditMonthPartition(at.slice(0, 7)),
      sk: `${at}#${keyPart(auditId)}`,
    }),
    schema: auditRecordSchema,
    attributes: (record) => {
      const place = `${record.at}#${record.id}`;
      return {
        gsi1pk: auditActorPartition(record.actor),
        gsi1sk: place,
        gsi2pk: auditActionPartition(record.action),
        gsi2sk: place,
        ...(record.userId !== null && {
          gsi3pk: auditUserPartition(record.userId),
          gsi3sk: place,
        }),
        ...(record.outcome === 'refused' && {
          ttl: Math.floor(Date.parse(record.at) / 1000) + REFUSALS_KEPT_S,
        }),
      };
    },
  },
  job: {
    key: ({ jobId }) => ({ pk: jobPartition(jobId), sk: 'JOB' }),
    schema: jobSchema,
    // Only while it is open: what falls silent is looked for there.
    attributes: (job) =>
      isFinished(job) ? {} : { gsi4pk: OPEN_JOBS_PARTITION, gsi4sk: `${job.updatedAt}#${job.id}` },
  },
  jobRow: { key: jobRowKey, schema: jobRowSchema },
  bulkChunk: {
    key: ({ jobId, contentId, chunk }) => ({
      pk: jobPartition(jobId),
      sk: `CHUNK#${keyPart(contentId)}#${sequenceKey(chunk)}`,
    }),
    schema: bulkChunkSchema,
    attributes: ({ storedAt }) => ({
      ttl: Math.floor(Date.parse(storedAt) / 1000) + CHUNKS_KEPT_S,
    }),
  },
};

/** What was asked for is done long before; what came of it stays, in the results of the rows. */
const CHUNKS_KEPT_S = 90 * 86_400;

/** Nobody repeats a request after a month. */
const KEYS_KEPT_S = 30 * 86_400;

/** Reports tell what happened; after a quarter the ledger itself is what counts. */
const REPORTS_KEPT_S = 90 * 86_400;

/** What was done is kept for ever, like the entries; who only tried is of interest for a year and a bit. */
const REFUSALS_KEPT_S = 400 * 86_400;

/** Of purchases and of nothing else. */
export const PURCHASE_SORT_KEY = 'PURCHASE';

/** Of subscriptions and of nothing else. */
export const SUBSCRIPTION_SORT_KEY = 'SUBSCRIPTION';

/** Of a user's e-mails and of nothing else. */
export const EMAIL_PREFIX = 'EMAIL#';

/**
 * Of quota counters and of nothing else. One item holds all periods of a feature, not one each: a use reads and writes
 * one item whatever its tier limits, and a tier that limits another period finds it counted.
 */
export const QUOTA_PREFIX = 'QUOTA#';

/** Of wallet alerts and of nothing else. */
export const ALERTS_PREFIX = 'ALERTS#';

/** Of automatic top-ups and of nothing else. */
export const TOPUP_PREFIX = 'TOPUP#';

/** gsi4: top-ups that have to be looked at, by when. */
export const DUE_TOPUPS_PARTITION = 'TOPUPS#DUE';

/** Every package that is or was on sale. */
export const CATALOG_PARTITION = 'CATALOG';

/** A project's applications by user, and that it was cancelled. */
export function projectPartition(projectId: string): string {
  return `PROJECT#${keyPart(projectId)}`;
}

/** gsi1: a user's applications by number. */
export function applicationsPartition(userId: string): string {
  return `APPLICATIONS#${userPartition(userId)}`;
}

/** gsi1: every code by time. */
export const PROMO_CODES_PARTITION = 'PROMOS';

/** gsi1: a code's redemptions by number. */
export function redemptionsPartition(code: string): string {
  return `REDEMPTIONS#${keyPart(code)}`;
}

function promoPartition(code: string): string {
  return `PROMO#${keyPart(code)}`;
}

/** gsi1: a user's purchases by number. */
export function purchasesPartition(userId: string): string {
  return `PURCHASES#${userPartition(userId)}`;
}

/** A provider's reports by time, in the table itself. */
export function reconciliationPartition(provider: Purchase['provider']): string {
  return `RECONCILIATION#${provider}`;
}

/** gsi4: jobs that are neither done nor failed, by when they were last seen alive. */
export const OPEN_JOBS_PARTITION = 'JOBS#OPEN';

/** gsi4: subscriptions whose monthly credits a schedule grants, by when they are due. */
export const planShards = (): readonly string[] =>
  Array.from({ length: SHARDS }, (_, shard) => planShard(shard));

/** gsi4: subscriptions of which the provider has to be asked, by when. */
export const checkShards = (): readonly string[] =>
  Array.from({ length: SHARDS }, (_, shard) => checkShard(shard));

function checkShard(shard: number): string {
  return `CHECKS#${shard}`;
}

function planShard(shard: number): string {
  return `PLANS#${shard}`;
}

/** A job with all that belongs to it. */
export function jobPartition(jobId: string): string {
  return `JOB#${keyPart(jobId)}`;
}

/** Rows sort by number. */
export function jobRowKey(id: { readonly jobId: string; readonly row: number }): Key {
  return { pk: jobPartition(id.jobId), sk: `ROW#${sequenceKey(id.row)}` };
}

/** gsi2: everybody's purchases of a UTC day by time. */
export function purchaseDayPartition(day: string): string {
  return `PURCHASES#${day}`;
}

/** Everybody's audit records of a month by time, in the table itself. */
export function auditMonthPartition(month: string): string {
  return `AUDIT#${month}`;
}

/** gsi1: what one actor did, or tried. */
export function auditActorPartition(actor: string): string {
  invariant(/^[a-z]+(:[A-Za-z0-9_-]{1,64})?$/.test(actor), 'actors are a kind and an id');
  return `AUDIT#ACTOR#${actor}`;
}

/** gsi2: every action of one kind. */
export function auditActionPartition(action: string): string {
  return `AUDIT#ACTION#${keyPart(action)}`;
}

/** gsi3: what was done to one user. */
export function auditUserPartition(userId: string): string {
  return `AUDIT#${userPartition(userId)}`;
}

/** Hours stand together by day, days by month, months by year: whoever sums up a period reads one partition. */
export function rollupKey(period: string): Key {
  invariant(/^\d{4}-\d{2}(-\d{2}(T\d{2})?)?$/.test(period), 'a rollup is of an hour, day or month');
  const parent = period.slice(0, -3);
  const kind = { 13: 'HOUR', 10: 'DAY', 7: 'MONTH' }[period.length];
  return { pk: `ROLLUP#${parent}`, sk: `${kind}#${period.slice(-2)}` };
}

/** gsi2: what all purchases of a UTC day brought in and gave back, by time. */
export function moneyDayPartition(day: string): string {
  return `MONEY#${day}`;
}

/** gsi1: every quarantined event by time. */
export const QUARANTINE_PARTITION = 'QUARANTINE';

/** gsi3: one provider's. */
export function quarantinePartition(provider: Purchase['provider']): string {
  return `${QUARANTINE_PARTITION}#${provider}`;
}

export function recordKey(ref: RecordRef): Key {
  return keyOfRecord(ref.record, ref.id);
}

export function keyOfRecord<K extends RecordName>(record: K, id: RecordTypes[K]['id']): Key {
  const spec: RecordSpec<K> = records[record];
  return spec.key(id);
}

/** The item of a write, one version on from what it is based on. */
export function recordToItem<K extends RecordName>(write: RecordWrite<K>): ItemValue {
  const spec = specOf(write);
  return {
    ...spec.key(write.id),
    ...spec.attributes?.(write.value, write.id),
    ...toItem(write.value),
    version: (write.version ?? 0) + 1,
  };
}

export function recordFromItem<K extends RecordName>(record: K, item: object): Stored<K> {
  const parsed = fromItem(item);
  const spec: RecordSpec<K> = records[record];
  return { value: spec.schema.parse(parsed), version: z.int().parse(parsed['version']) };
}

function specOf<K extends RecordName>(ref: { readonly record: K }): RecordSpec<K> {
  return records[ref.record];
}
