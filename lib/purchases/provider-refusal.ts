/** What a provider has not done, or may not have done, for a caller. The detail is for the log alone. */
export interface ProviderRefusal {
  readonly code: 'PAYMENT_PROVIDER_FAILED' | 'PAYMENT_PROVIDER_UNAVAILABLE';
  readonly detail: string;
}

/** `unknown` is no failure: the same request sent again finds out. */
export function providerRefusal(answer: {
  readonly kind: 'refused' | 'unknown';
  readonly detail: string;
}): ProviderRefusal {
  const code =
    answer.kind === 'refused' ? 'PAYMENT_PROVIDER_FAILED' : 'PAYMENT_PROVIDER_UNAVAILABLE';
  return { code, detail: answer.detail };
}
