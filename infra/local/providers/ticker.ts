import type { Clock } from '#infra/local/clock';

export interface Ticker {
  /** Does what is due by now; to be called when the clock was moved. */
  readonly tick: () => Promise<void>;
  /** The same, without waiting: whatever goes wrong is logged. */
  readonly wake: () => void;
  /** No more ticks. */
  stop(): void;
}

const TIMER_MAX_MS = 60_000;

/** Runs `run` when something falls due on the stack's clock, which is looked at once a minute. */
export function createTicker(parts: {
  readonly clock: Clock;
  readonly run: () => Promise<void>;
  /** When the next things are due, in milliseconds of the stack's clock. */
  readonly dues: () => readonly (number | undefined)[];
  /** The clock went back: what waits for a time would wait much longer than it should. */
  readonly onBackwards: () => void;
  readonly onFailure: (what: string) => void;
}): Ticker {
  const { clock, run, dues, onBackwards, onFailure } = parts;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let lastMs = clock.now().getTime();

  const schedule = (): void => {
    clearTimeout(timer);
    const waiting = dues().filter((due) => due !== undefined);
    if (stopped || waiting.length === 0) return;
    const waitMs = Math.min(...waiting) - clock.now().getTime();
    timer = setTimeout(wake, Math.min(Math.max(waitMs, 0), TIMER_MAX_MS));
    timer.unref();
  };
  const tick = async (): Promise<void> => {
    if (stopped) return;
    const nowMs = clock.now().getTime();
    if (nowMs < lastMs) onBackwards();
    lastMs = nowMs;
    await run();
    schedule();
  };
  const wake = (): void => {
    tick().catch((error: unknown) => {
      onFailure(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  };
  // What a stop or a crash left undone is done as soon as the stack has begun to listen.
  setImmediate(wake);
  return {
    tick,
    wake,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
