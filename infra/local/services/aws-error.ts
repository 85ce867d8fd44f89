/** A refusal as the real service would send it; `code` is what the SDK names its exception. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  /** SQS also names its errors by their older query protocol code. */
  readonly queryCode: string | undefined;

  constructor(
    code: string,
    message: string,
    options: {
      readonly status?: number;
      readonly queryCode?: string;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 400;
    this.queryCode = options.queryCode;
  }
}
