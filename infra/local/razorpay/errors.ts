interface ErrorFacts {
  readonly status: number;
  readonly code: 'BAD_REQUEST_ERROR' | 'SERVER_ERROR';
  readonly description: string;
  readonly field?: string | undefined;
  readonly source?: string;
  readonly step?: string;
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A refusal in Razorpay's own words; it becomes the `error` object of the answer. */
export class RazorpayApiError extends Error {
  override readonly name = 'RazorpayApiError';
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(facts.description);
    this.facts = facts;
  }
}

/** A request that Razorpay refuses with 400. */
export function badRequest(
  description: string,
  details: {
    readonly field?: string | undefined;
    readonly step?: string;
    readonly reason?: string;
    readonly metadata?: Readonly<Record<string, string>>;
  } = {},
): RazorpayApiError {
  return new RazorpayApiError({
    status: 400,
    code: 'BAD_REQUEST_ERROR',
    description,
    source: 'business',
    step: 'payment_initiation',
    reason: 'input_validation_failed',
    ...details,
  });
}

/** A refusal that is about the state of things, for which Razorpay names no source. */
export function refused(description: string, status = 400): RazorpayApiError {
  return new RazorpayApiError({
    status,
    code: 'BAD_REQUEST_ERROR',
    description,
    source: 'NA',
    step: 'NA',
    reason: 'NA',
  });
}

/** An id that names nothing; Razorpay answers 400 and not 404. */
export function missing(): RazorpayApiError {
  return badRequest('The id provided does not exist');
}

/** Something that Razorpay can do and this stand-in cannot; said plainly instead of being ignored. */
export function notSimulated(what: string, field?: string): RazorpayApiError {
  return badRequest(
    `The local Razorpay stand-in does not simulate ${what}. Use Razorpay's test mode for it.`,
    { field, reason: 'not_simulated' },
  );
}

/** The JSON body of a refusal. */
export function renderError(error: RazorpayApiError): object {
  const { code, description, field, metadata = {}, reason, source, step } = error.facts;
  return {
    error: {
      code,
      description,
      ...(source !== undefined && { source, step, reason }),
      metadata,
      ...(field !== undefined && { field }),
    },
  };
}
