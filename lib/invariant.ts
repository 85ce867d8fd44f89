/** A promise of ours that does not hold: never the caller's mistake, so it ends the request as a 500 and pages someone. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Crashes the request when one of our own promises is broken, before anything wrong is written. */
export function invariant(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new InvariantError(promise);
}

/** Makes a switch over a union exhaustive: a new member fails the type check here. */
export function unreachable(value: never): never {
  throw new InvariantError(`no case for ${JSON.stringify(value)}`);
}
