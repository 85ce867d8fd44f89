interface ErrorFacts {
  readonly status: number;
  readonly type: 'invalid_request_error' | 'idempotency_error' | 'card_error' | 'api_error';
  readonly message: string;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  /** Why the bank declined, and the intent that it declined. */
  readonly declined?: { readonly code: string; readonly intent: object };
  /** Stripe keeps such an answer for its idempotency key, because the work had begun. */
  readonly executed?: boolean;
}

/** A refusal in Stripe's own words; it becomes the `error` object of the answer. */
export class StripeApiError extends Error {
  override readonly name = 'StripeApiError';
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(facts.message);
    this.facts = facts;
  }
}

/** A request that Stripe refuses with 400. */
export function invalidRequest(
  message: string,
  details: { readonly code?: string; readonly param?: string; readonly executed?: boolean } = {},
): StripeApiError {
  return new StripeApiError({ status: 400, type: 'invalid_request_error', message, ...details });
}

/** An id that names nothing: 404 when it is in the path, 400 when it is a parameter. */
export function missingResource(
  object: string,
  id: string,
  where: { readonly param: string; readonly inPath: boolean },
): StripeApiError {
  return new StripeApiError({
    status: where.inPath ? 404 : 400,
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${object}: '${id}'`,
    param: where.param,
  });
}

/** Something that Stripe can do and this stand-in cannot; said plainly instead of being ignored. */
export function notSimulated(what: string, param?: string): StripeApiError {
  return invalidRequest(
    `The local Stripe stand-in does not simulate ${what}. Use Stripe's sandbox for it.`,
    { code: 'not_simulated', ...(param === undefined ? {} : { param }) },
  );
}

/** The JSON body of a refusal. */
export function renderError(error: StripeApiError, requestId: string): object {
  const { type, message, code, param, declined } = error.facts;
  return {
    error: {
      ...(code === undefined
        ? {}
        : { code, doc_url: `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}` }),
      ...(declined === undefined
        ? {}
        : { decline_code: declined.code, payment_intent: declined.intent }),
      message,
      ...(param === undefined ? {} : { param }),
      request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
      type,
    },
  };
}
