import {
  type ErrorCode,
  type ErrorDetails,
  errorTable,
  type FieldError,
} from '#lib/contract/errors';

/** A refusal on its way to the caller: the code, the public sentence and public details, and nothing internal. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(problem: {
    readonly code: ErrorCode;
    readonly sentence: string;
    readonly details: Readonly<Record<string, unknown>>;
  }) {
    super(problem.sentence);
    this.code = problem.code;
    this.details = problem.details;
  }
}

/**
 * The error to throw for a code, with the details that its sentence and its problem document need:
 * `throw problem('INSUFFICIENT_CREDITS', { required, available, shortfall })`.
 */
export function problem<C extends ErrorCode>(code: C, ...details: ErrorDetails[C]): ProblemError {
  return new ProblemError({
    code,
    sentence: errorTable[code].sentence(...details),
    details: { ...details[0] },
  });
}

/** Refuses the request because of one field. */
export function invalidField(field: string, message: string): ProblemError {
  return invalidFields([{ field, message }]);
}

/** Refuses the request because of some fields. */
export function invalidFields(errors: readonly FieldError[]): ProblemError {
  return problem('VALIDATION_FAILED', { errors });
}
