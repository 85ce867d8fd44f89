/** What a provider says of something that must not be done twice, where it has not done it now. */
type NotDone =
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** Who we are is asked before anything else: it says nothing of what a call before has done, with a key that was taken. */
const UNHEARD_STATUSES = new Set([401, 403]);

/**
 * Whether money may have moved: a refusal ends a charge or refund for good only where the provider has looked at it.
 * Every try of ours asks for the very same, so that the first of them may have been done and its answer lost.
 */
export function outcomeOf(answer: NotDone): {
  readonly kind: 'refused' | 'unknown';
  readonly detail: string;
} {
  const { detail, kind } = answer;
  return kind === 'refused' && UNHEARD_STATUSES.has(answer.status)
    ? { kind: 'unknown', detail }
    : { kind, detail };
}
