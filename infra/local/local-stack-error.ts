/** Something the person at the terminal can put right: the start script prints the message alone and exits with 1. */
export class LocalStackError extends Error {
  override readonly name = 'LocalStackError';
}
