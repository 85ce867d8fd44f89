import { type Application, applicationIdOf, gateOf } from '#lib/applications/application';
import { invariant } from '#lib/invariant';
import type { Refusal } from '#lib/ledger/decision';
import { type Entry, entryId, type Metadata } from '#lib/ledger/entry';
import { spend } from '#lib/ledger/spend';
import type { LedgerStore } from '#lib/ports';
import type { KeyedRequest } from '#lib/requests/request-record';
import { settingOf } from '#lib/settings/settings';
import { spendingCapRefs, spendingCapsOf } from '#lib/wallets/spending-caps';

export interface ApplyInput {
  readonly userId: string;
  readonly projectId: string;
  readonly metadata: Metadata;
  readonly request: KeyedRequest;
  readonly actor: string;
  readonly now: string;
}

export type ApplyOutcome =
  | {
      readonly kind: 'applied' | 'replayed';
      readonly application: Application;
      readonly entry: Entry;
    }
  | { readonly kind: 'applied_before' | 'project_cancelled' | 'key_reused' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const CREDIT_TYPE = 'general';
const COST = { key: 'application_cost' } as const;

/**
 * Applies to a project for `application_cost` credits, once per project and user: application and spend in one
 * transaction, which also holds that the project was not cancelled in the meantime. So whoever cancels a project finds
 * every application that was ever paid.
 */
export async function applyToProject(
  ledger: Pick<LedgerStore, 'load' | 'run'>,
  input: ApplyInput,
): Promise<ApplyOutcome> {
  const { actor, metadata, now, projectId, request, userId } = input;
  const wallet = { userId, creditType: CREDIT_TYPE };
  const id = { projectId, userId };
  const spendId = entryId(wallet, request.cause);
  const gate = { record: 'projectGate', id: { projectId, gate: gateOf(spendId) } } as const;
  const outcome = await ledger.run<Refusal | 'applied_before' | 'project_cancelled'>({
    wallets: [wallet],
    ...request,
    reads: [
      { record: 'application', id },
      gate,
      { record: 'applicationCount', id: { userId } },
      { record: 'setting', id: COST },
      ...spendingCapRefs,
    ],
    decide: ({ heads: [head], read }) => {
      if (read('application', id)) return { ok: false, refusal: 'applied_before' };
      if (read(gate.record, gate.id)) return { ok: false, refusal: 'project_cancelled' };
      const credits = settingOf('application_cost', read('setting', COST));
      const decision = spend(head, {
        ...request,
        now,
        actor,
        amount: credits,
        caps: spendingCapsOf(read, CREDIT_TYPE),
        description: `Application to project ${projectId}`,
        reference: { type: 'project', id: projectId },
      });
      if (!decision.ok) return decision;
      const counted = read('applicationCount', { userId });
      const number = (counted?.value.count ?? 0) + 1;
      const application: Application = {
        ...id,
        id: applicationIdOf(spendId),
        number,
        credits,
        creditType: CREDIT_TYPE,
        entryId: spendId,
        metadata,
        appliedAt: decision.entry.createdAt,
        closed: null,
      };
      return {
        ok: true,
        decisions: [decision],
        writes: [
          { record: 'application', id, value: application, version: null },
          {
            record: 'applicationCount',
            id: { userId },
            value: { count: number },
            version: counted?.version ?? null,
          },
        ],
        checks: [{ ...gate, version: null }],
      };
    },
  });
  switch (outcome.kind) {
    case 'reused':
      return { kind: 'key_reused' };
    case 'refused':
      return typeof outcome.refusal === 'string'
        ? { kind: outcome.refusal }
        : { kind: 'refused', refusal: outcome.refusal };
    case 'committed':
    case 'replayed': {
      const { entry } = outcome;
      const stored = (await ledger.load([{ record: 'application', id }]))('application', id);
      invariant(stored?.value.entryId === entry.id, 'an application stands beside its spend');
      // As it was when it was made: that is the first answer.
      const application = { ...stored.value, closed: null };
      const kind = outcome.kind === 'committed' ? 'applied' : 'replayed';
      return { kind, application, entry };
    }
  }
}
