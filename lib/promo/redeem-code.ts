import type { Refusal } from '#lib/ledger/decision';
import { type Entry, entryId } from '#lib/ledger/entry';
import { add } from '#lib/ledger/inflow';
import type { LedgerStore, Reader, RecordRef } from '#lib/ports';
import { creditsExpiry, isRedeemable, type PromoCode } from '#lib/promo/promo-code';
import {
  type KeyedRequest,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';

/** Burns before what was bought, as the signup bonus does. */
const PRIORITY = 50;

export interface RedeemInput {
  readonly userId: string;
  /** In capitals. */
  readonly code: string;
  readonly request: KeyedRequest;
  readonly actor: string;
  readonly now: string;
}

export type RedeemOutcome =
  | { readonly kind: 'redeemed' | 'replayed'; readonly entry: Entry }
  | { readonly kind: Rejection }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * `invalid` is one answer for codes that are unknown, expired, used up, switched off or somebody else's.
 * `redeemed_before` tells a user only what they did themselves.
 */
type Rejection = 'invalid' | 'redeemed_before' | 'key_reused';

/**
 * Redeems a code, once per user for ever: credits, redemption and the code's count in one transaction. A code that
 * cannot be redeemed costs the same reads, whatever the reason, so that neither the answer nor the work tells a guesser
 * more than no (DESIGN 5, limits). Only after that is it known which wallet a good code fills.
 */
export async function redeemCode(
  ledger: Pick<LedgerStore, 'load' | 'loadEntry' | 'run'>,
  input: RedeemInput,
): Promise<RedeemOutcome> {
  const { code, now, request, userId } = input;
  const load = () => ledger.load(refsOf(input));
  let known = judge(await load(), input);
  // A read of many items is no snapshot: this very request may have been half done when it was asked for again.
  if (!known.ok && request.fingerprint !== null) known = judge(await load(), input);
  if (!known.ok) {
    const entry = known.entryId && (await ledger.loadEntry({ userId, entryId: known.entryId }));
    return entry ? { kind: 'replayed', entry } : { kind: known.rejection };
  }

  const wallet = { userId, creditType: known.promo.creditType };
  const cause = `promo:${code}`;
  const outcome = await ledger.run<Rejection | Refusal>({
    wallets: [wallet],
    cause,
    // The code is the cause, so that it counts once; the request is what tells a replay from another attempt.
    fingerprint: request.cause,
    reads: refsOf(input),
    decide: ({ heads: [head], read: fresh }) => {
      const judged = judge(fresh, input);
      if (!judged.ok) return { ok: false, refusal: judged.rejection };
      const { promo, version } = judged;
      const decision = add(head, {
        now,
        cause,
        fingerprint: request.cause,
        actor: input.actor,
        description: promo.description,
        reference: { type: 'promo_code', id: code },
        type: 'promo',
        amount: promo.credits,
        category: 'promotional',
        priority: PRIORITY,
        expiresAt: creditsExpiry(promo, now),
      });
      if (!decision.ok) return decision;
      const number = promo.uses + 1;
      const redemption = {
        code,
        userId,
        number,
        credits: promo.credits,
        creditType: promo.creditType,
        entryId: entryId(wallet, cause),
        requestCause: request.cause,
        at: now,
      };
      const counted = { ...promo, uses: number };
      return {
        ok: true,
        decisions: [decision],
        writes: [
          { record: 'promoCode', id: { code }, value: counted, version },
          { record: 'redemption', id: { code, userId }, value: redemption, version: null },
          ...requestWrites(request, now),
        ],
      };
    },
  });
  switch (outcome.kind) {
    case 'committed':
      return { kind: 'redeemed', entry: outcome.entry };
    case 'replayed':
      return { kind: 'replayed', entry: outcome.entry };
    case 'reused':
      return { kind: 'redeemed_before' };
    case 'refused':
      return typeof outcome.refusal === 'string'
        ? { kind: outcome.refusal }
        : { kind: 'refused', refusal: outcome.refusal };
  }
}

function refsOf({ code, request, userId }: RedeemInput): readonly RecordRef[] {
  return [
    { record: 'promoCode', id: { code } },
    { record: 'redemption', id: { code, userId } },
    ...requestRefs(request),
  ];
}

type Judgement =
  | { readonly ok: true; readonly promo: PromoCode; readonly version: number }
  /** `entryId` where this very request has redeemed the code. */
  | { readonly ok: false; readonly rejection: Rejection; readonly entryId: string | null };

function judge(read: Reader, { code, now, request, userId }: RedeemInput): Judgement {
  const no = (rejection: Rejection, entryId: string | null = null) =>
    ({ ok: false, rejection, entryId }) as const;
  const keyed = requestOf(read, request);
  if (keyed && !keyed.isSame) return no('key_reused');
  const redemption = read('redemption', { code, userId })?.value;
  if (redemption) {
    const isReplay = redemption.requestCause === request.cause;
    return no('redeemed_before', isReplay ? redemption.entryId : null);
  }
  const promo = read('promoCode', { code });
  if (!promo || !isRedeemable(promo.value, { userId, now })) return no('invalid');
  return { ok: true, promo: promo.value, version: promo.version };
}
