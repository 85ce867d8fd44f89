/** More than these are no odd records but an outage: whoever is left waits for the next run. */
const FAILURES_MAX = 10;

export interface Turns {
  /** One turn: where it fails the next come all the same. */
  readonly take: (act: () => Promise<void>) => Promise<void>;
  /** Throws what failed. */
  readonly end: () => void;
}

/**
 * The turns of many records in one run, so that one which makes no sense keeps nobody behind it waiting. The run ends
 * with an error all the same once all had their turn: that alarms, and everything is tried again.
 */
export function startTurns(): Turns {
  const failures: unknown[] = [];
  const end = () => {
    if (failures.length === 1) throw failures[0];
    if (failures.length === 0) return;
    const [first] = failures;
    throw new AggregateError(failures, `${failures.length} failed, the first: ${String(first)}`);
  };
  return {
    take: async (act) => {
      try {
        await act();
      } catch (error) {
        failures.push(error);
        if (failures.length === FAILURES_MAX) end();
      }
    },
    end,
  };
}
