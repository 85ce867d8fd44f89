import * as z from 'zod';

/** How often one planned fault may strike. */
const TIMES_MAX = 10_000;

/**
 * A failure that a test asks for (`POST /local/faults`, DESIGN 10): `throttle` and `unavailable`
 * refuse before anything happened; `lost_reply` does the work and cuts the connection; `timeout`
 * does the work and never answers; `reject` (of one address) and `paused` are of SES alone.
 */
export const faultSchema = z.strictObject({
  kind: z.enum(['throttle', 'unavailable', 'lost_reply', 'timeout', 'reject', 'paused']),
  /** Only this operation, for instance `SendMessage`; every operation when absent. */
  operation: z.string().min(1).optional(),
  /** Only mail to this address. */
  address: z.string().min(1).optional(),
  times: z.int().min(1).max(TIMES_MAX).default(1),
});

export type Fault = z.infer<typeof faultSchema>;

/** The faults that are still to happen in one service, in the order in which they were asked for. */
export interface Faults {
  add(fault: Fault): void;
  /** Uses up the first fault that fits this call. */
  take(call: {
    readonly operation: string;
    readonly address?: string | undefined;
  }): Fault | undefined;
  list(): readonly Fault[];
  clear(): void;
}

/** Faults are kept in memory only: a restart is how a person gets rid of them. */
export function createFaults(): Faults {
  let pending: readonly Fault[] = [];
  return {
    add: (fault) => {
      pending = [...pending, fault];
    },
    take: (call) => {
      const found = pending.find(
        (fault) =>
          (fault.operation === undefined || fault.operation === call.operation) &&
          (fault.address === undefined ||
            fault.address.toLowerCase() === call.address?.toLowerCase()),
      );
      if (found === undefined) return undefined;
      pending = pending
        .map((fault) => (fault === found ? { ...fault, times: fault.times - 1 } : fault))
        .filter((fault) => fault.times > 0);
      return found;
    },
    list: () => pending,
    clear: () => {
      pending = [];
    },
  };
}
