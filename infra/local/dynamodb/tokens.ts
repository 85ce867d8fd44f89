/** How long DynamoDB remembers a ClientRequestToken. */
const TOKEN_LIFE_MS = 10 * 60 * 1000;

/** The ClientRequestTokens that are under way or done: the engine itself answers a replay, one after the other. */
export interface Tokens {
  isRunning(token: string): boolean;
  /** Done with success: a failed transaction's token is free to be tried again. */
  isDone(token: string): boolean;
  run<R extends { readonly status: number }>(
    token: string | undefined,
    transaction: () => Promise<R>,
  ): Promise<R>;
}

export function createTokens(now: () => number = () => performance.now()): Tokens {
  const running = new Set<string>();
  const done = new Map<string, number>();
  return {
    isRunning: (token) => running.has(token),
    isDone: (token) => done.has(token),
    async run(token, transaction) {
      if (token === undefined) return transaction();
      forgetOld(done, now());
      running.add(token);
      try {
        const answer = await transaction();
        if (answer.status === 200) done.set(token, now());
        return answer;
      } finally {
        running.delete(token);
      }
    },
  };
}

/** The map is in order of completion, so the old ones are at its front. */
function forgetOld(done: Map<string, number>, nowMs: number): void {
  for (const [token, doneMs] of done) {
    if (nowMs - doneMs < TOKEN_LIFE_MS) return;
    done.delete(token);
  }
}
