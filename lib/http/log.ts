import { Logger } from '@aws-lambda-powertools/logger';

/** Every field that a log line may carry. Headers, tokens, bodies, addresses and names of people are not among them. */
export interface LogFields {
  readonly request_id?: string;
  readonly route?: string;
  readonly status?: number;
  readonly code?: string;
  readonly caller_kind?: string;
  readonly message_id?: string;
  readonly provider?: string;
  readonly event_id?: string;
  readonly event_type?: string;
  readonly purchase_id?: string;
  readonly transaction_id?: string;
  readonly job_id?: string;
  /** What an e-mail is about: a purchase, or a credit type. */
  readonly about?: string;
  readonly reason?: string;
  readonly count?: number;
  /** Anything thrown: only its name, its redacted message and its frames are written. */
  readonly error?: unknown;
}

export interface Log {
  readonly debug: (message: string, fields: LogFields) => void;
  readonly info: (message: string, fields: LogFields) => void;
  readonly warn: (message: string, fields: LogFields) => void;
  readonly error: (message: string, fields: LogFields) => void;
}

const ALLOWED: readonly (keyof LogFields)[] = [
  'request_id',
  'route',
  'status',
  'code',
  'caller_kind',
  'message_id',
  'provider',
  'event_id',
  'event_type',
  'purchase_id',
  'transaction_id',
  'job_id',
  'about',
  'reason',
  'count',
];

/** The structured log of a function: JSON lines, level and service name from Powertools' own variables. */
export function createLog(): Log {
  // Made for the first line: most requests write none.
  let made: Logger | undefined;
  const logger = (): Logger => (made ??= new Logger());
  return {
    debug: (message, fields) => logger().debug(message, allowed(fields)),
    info: (message, fields) => logger().info(message, allowed(fields)),
    warn: (message, fields) => logger().warn(message, allowed(fields)),
    error: (message, fields) => logger().error(message, allowed(fields)),
  };
}

/** Copies by name, so that a record passed by mistake cannot bring its other fields along. */
function allowed(fields: LogFields): Record<string, string | number | object> {
  const line: Record<string, string | number | object> = {};
  for (const name of ALLOWED) {
    const value = fields[name];
    if (typeof value === 'string') line[name] = redact(value);
    if (typeof value === 'number') line[name] = value;
  }
  if (fields.error !== undefined) line['failure'] = describeError(fields.error, CAUSES_MAX);
  return line;
}

const CAUSES_MAX = 3;
const MESSAGE_LENGTH_MAX = 500;

function describeError(error: unknown, causesLeft: number): object {
  if (!(error instanceof Error)) return { name: typeof error };
  // The stack repeats the message, which may quote input; the frames alone say where.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    message: redact(error.message),
    frames: frames.map((frame) => frame.trim()),
    ...(error.cause !== undefined &&
      causesLeft > 0 && { cause: describeError(error.cause, causesLeft - 1) }),
  };
}

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/[^\s@"'<>]+@[^\s@"'<>]+\.[^\s@"'<>]+/g, '[email]'],
  [/eyJ[\w-]*\.[\w-]*(\.[\w-]*)?/g, '[token]'],
  [/\b(sk|rk|pk|whsec|rzp|cs|pi|seti)_(?=\w*secret|live|test|\w{16})\w+/g, '[secret]'],
  [/\bBearer\s+\S+/gi, '[token]'],
  [/\+?\d(?:[ -]?\d){11,18}/g, '[number]'],
];

/** Takes out what looks like a secret or a person, because messages of libraries quote what they were given. */
export function redact(text: string): string {
  return SECRETS.reduce(
    (redacted, [pattern, mark]) => redacted.replace(pattern, mark),
    text.slice(0, MESSAGE_LENGTH_MAX),
  );
}
