/**
 * Who goes next. Everybody who is about to call the table waits here for a turn; a turn is given to one at a time, by
 * the seed, once all others wait. So however many clients there are, a seed gives one history, and giving it again gives
 * the same one. Time passes by turns, never by the machine's clock.
 */
export interface Turns {
  /** Runs `call` when its turn comes. A call that is `parked` goes on later, at a turn of its own. */
  readonly take: <T>(call: (park: Park) => Promise<T>) => Promise<T>;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds that have passed. */
  readonly elapsedMs: () => number;
  /** Lets everybody play to their end. */
  readonly play: (players: readonly (() => Promise<void>)[]) => Promise<void>;
}

/** Ends the turn before its call has ended; `release` lets the call go on, at another turn. */
export type Park = (release: () => void) => void;

interface Waiting {
  readonly from: number;
  /** Goes on, and resolves when somebody else may. */
  readonly go: () => Promise<void>;
}

const TURNS_MAX = 1_000_000;

export function createTurns(random: () => number): Turns {
  let waiting: Waiting[] = [];
  let elapsedMs = 0;

  const take = <T>(call: (park: Park) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const go = (): Promise<void> => {
        const over = Promise.withResolvers<undefined>();
        let onEnd = over.resolve;
        const park: Park = (release) => {
          const later = Promise.withResolvers<undefined>();
          onEnd = later.resolve;
          waiting.push({
            from: elapsedMs,
            go: async () => {
              release();
              await later.promise;
            },
          });
          over.resolve(undefined);
        };
        call(park)
          .then(resolve, reject)
          .finally(() => onEnd(undefined));
        return over.promise.then(() => undefined);
      };
      waiting.push({ from: elapsedMs, go });
    });

  const next = (): Waiting => {
    if (waiting.length === 0) throw new Error('everybody waits, and nobody for a turn');
    const soonest = Math.min(...waiting.map(({ from }) => from));
    elapsedMs = Math.max(elapsedMs + 1, soonest);
    const ready = waiting.filter(({ from }) => from <= elapsedMs);
    const chosen = ready[Math.floor(random() * ready.length)];
    if (!chosen) throw new Error('somebody is ready when the soonest is');
    waiting = waiting.filter((each) => each !== chosen);
    return chosen;
  };

  return {
    take,
    elapsedMs: () => elapsedMs,
    sleep: (ms) =>
      new Promise((resolve) => {
        waiting.push({ from: elapsedMs + ms, go: async () => resolve() });
      }),
    play: async (players) => {
      let playing = players.length;
      const all = Promise.all(
        players.map(async (player) => {
          await player();
          playing -= 1;
        }),
      );
      const game = async (): Promise<void> => {
        for (let turn = 0; turn < TURNS_MAX; turn += 1) {
          await quiet();
          if (playing === 0 && waiting.length === 0) return;
          await next().go();
        }
        throw new Error('the game does not end');
      };
      // A player who fails ends it at once.
      await Promise.race([game(), all.then(() => new Promise<never>(() => undefined))]);
    },
  };
}

/** Everything that does not wait for the table is done before the next round of the event loop. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
