/**
 * Which items are being written right now.
 *
 * The engine runs one write after the other, so it never meets the conflicts that DynamoDB reports when
 * two requests touch an item at the same time; code that never met one fails in production. The rules
 * are those of "Transaction conflict handling in DynamoDB" in the developer guide.
 */
export interface InFlight {
  /** For each key, whether it is part of a running TransactWriteItems. */
  inTransaction(keys: readonly string[]): readonly boolean[];
  /** For each key, whether any running request writes it. */
  inAnyWrite(keys: readonly string[]): readonly boolean[];
  /** Marks the keys until the returned function is called. */
  enter(kind: 'transaction' | 'write', keys: readonly string[]): () => void;
}

export function createInFlight(): InFlight {
  const running = { transaction: new Map<string, number>(), write: new Map<string, number>() };
  return {
    inTransaction: (keys) => keys.map((key) => running.transaction.has(key)),
    inAnyWrite: (keys) => keys.map((key) => running.transaction.has(key) || running.write.has(key)),
    enter(kind, keys) {
      const counts = running[kind];
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
      return () => {
        for (const key of keys) {
          const left = (counts.get(key) ?? 1) - 1;
          if (left === 0) counts.delete(key);
          else counts.set(key, left);
        }
      };
    },
  };
}
