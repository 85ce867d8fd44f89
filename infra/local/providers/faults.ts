import * as z from 'zod';

/** How the API can fail for its next calls. */
export const faultSchema = z.strictObject({
  kind: z.enum(['timeout', 'reset', 'hang', '429', '500', '502_html', 'no_error_key']),
  /** How many calls it hits. */
  count: z.int().min(1).max(1000).default(1),
  /** Only calls to paths that begin like this. */
  path: z.string().startsWith('/').default('/'),
  method: z.enum(['GET', 'POST', 'DELETE']).optional(),
  /**
   * Whether the call is carried out and only its answer is lost (`after`), or it fails before
   * anything happened. By default a connection that breaks has done its work: the harder case.
   */
  when: z.enum(['before', 'after']).optional(),
  /** For `timeout`: how long the answer is held back, in real milliseconds. */
  delay_ms: z.int().min(0).max(600_000).default(30_000),
});

export type FaultRequest = z.input<typeof faultSchema>;
export type Fault = z.output<typeof faultSchema>;

export interface Faults {
  /** Adds a fault behind those that wait already. Throws `ZodError` for a malformed one. */
  add(fault: FaultRequest): void;
  list(): readonly Fault[];
  clear(): void;
}

/** The faults that wait for calls; `take` uses one up for a call that it fits. */
export function createFaults(): Faults & {
  readonly take: (call: { readonly method: string; readonly path: string }) => Fault | undefined;
} {
  let waiting: readonly Fault[] = [];
  return {
    add: (fault) => {
      waiting = [...waiting, faultSchema.parse(fault)];
    },
    list: () => waiting,
    clear: () => {
      waiting = [];
    },
    take: (call) => {
      const fault = waiting.find(
        (candidate) =>
          call.path.startsWith(candidate.path) &&
          (candidate.method === undefined || candidate.method === call.method),
      );
      if (fault === undefined) return undefined;
      waiting = waiting.flatMap((other) => {
        if (other !== fault) return [other];
        return other.count > 1 ? [{ ...other, count: other.count - 1 }] : [];
      });
      return fault;
    },
  };
}

/** Whether the call that a fault hits is carried out before the fault shows. */
export function isCarriedOut(fault: Fault): boolean {
  const breaksConnection =
    fault.kind === 'timeout' || fault.kind === 'reset' || fault.kind === 'hang';
  return (fault.when ?? (breaksConnection ? 'after' : 'before')) === 'after';
}
