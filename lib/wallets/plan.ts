import type { Decision, Refusal } from '#lib/ledger/decision';
import type { Plan, RecordWrite } from '#lib/ports';

/** A decision about one wallet as a plan, with what else belongs into its transaction. */
export function planOf(decision: Decision, writes: readonly RecordWrite[] = []): Plan<Refusal> {
  return decision.ok ? { ok: true, decisions: [decision], writes } : decision;
}
