import * as z from 'zod';
import { FINDING_KINDS, type FindingKind } from '#lib/contract/finding-kinds';
import { PAYMENT_PROVIDERS } from '#lib/payments/payment-event';

const finding = z.object({
  kind: z.enum(FINDING_KINDS),
  /** The provider's payment, refund or dispute; our purchase where the provider has none of them. */
  about: z.string(),
  purchaseId: z.string().nullable(),
  /** What was done, or what contradicts what, in words for an admin. */
  detail: z.string(),
});
export type Finding = z.infer<typeof finding>;

const count = z.int().min(0);

/** What one comparison of a provider's records with our purchases came to (DESIGN 6). Times ISO 8601 UTC. */
export const reconciliationSchema = z.object({
  provider: z.enum(PAYMENT_PROVIDERS),
  at: z.string(),
  /** Records of the provider and pending purchases that were looked at. */
  checked: count,
  restored: count,
  expired: count,
  duplicate: count,
  mismatch: count,
  unknown: count,
  waiting: count,
  /** The first of them; the counts are of all. */
  findings: z.array(finding),
  /** What could not be asked or was too much, so that the comparison is not complete. */
  problems: z.array(z.string()),
});
export type Reconciliation = z.infer<typeof reconciliationSchema>;

const FINDINGS_MAX = 200;
const PROBLEMS_MAX = 20;
const DETAIL_LENGTH_MAX = 500;

export function reportOf(run: {
  readonly provider: Reconciliation['provider'];
  readonly at: string;
  readonly checked: number;
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
}): Reconciliation {
  const { findings, problems, ...about } = run;
  const countOf = (kind: FindingKind) => findings.filter((each) => each.kind === kind).length;
  return {
    ...about,
    restored: countOf('restored'),
    expired: countOf('expired'),
    duplicate: countOf('duplicate'),
    mismatch: countOf('mismatch'),
    unknown: countOf('unknown'),
    waiting: countOf('waiting'),
    findings: findings.slice(0, FINDINGS_MAX).map((each) => ({
      ...each,
      detail: each.detail.slice(0, DETAIL_LENGTH_MAX),
    })),
    problems: problems.slice(0, PROBLEMS_MAX).map((each) => each.slice(0, DETAIL_LENGTH_MAX)),
  };
}

/**
 * How far we were from what the provider says. A purchase that nobody paid is no drift, and money of another business
 * of the same account may wait for ever.
 */
export function driftOf(report: Reconciliation): number {
  return report.restored + report.duplicate + report.mismatch + report.unknown;
}
