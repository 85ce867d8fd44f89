import * as z from 'zod';

/** What the pool hands a worker when it starts it. */
export interface WorkerData {
  /** The bundle's file, CommonJS. */
  readonly bundle: string;
  /** The export that is the handler. */
  readonly handler: string;
  /** The clock's shared offset (one Float64, milliseconds). */
  readonly offset: SharedArrayBuffer;
  /** Host names whose HTTPS requests go to a port of this machine. */
  readonly redirects: Readonly<Record<string, number>>;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
}

/** One event for a worker; the event travels as JSON text, as Lambda sends it. */
export interface Invocation {
  readonly requestId: string;
  readonly event: string;
  readonly timeoutMs: number;
}

/** Lambda's error payload: what a caller of a failed function gets to see. */
const functionErrorSchema = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  trace: z.array(z.string()).optional(),
});
export type FunctionError = z.infer<typeof functionErrorSchema>;

/** What a worker says: that its bundle is loaded (or cannot be), and how each event ended. */
export const workerMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('unusable'), error: functionErrorSchema }),
  z.object({ kind: z.literal('result'), requestId: z.string(), payload: z.string() }),
  z.object({ kind: z.literal('error'), requestId: z.string(), error: functionErrorSchema }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
