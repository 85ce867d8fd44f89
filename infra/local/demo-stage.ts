import * as z from 'zod';
import type { Narrator } from '#infra/local/demo-narrator';

const tokenAnswer = z.object({ access_token: z.string() });

/** A token of somebody in the story, from the local issuer. */
export async function tokenOf(call: Narrator['call'], claims: object): Promise<string> {
  const answer = await call('POST', '/local/tokens', { body: claims, quiet: true });
  return tokenAnswer.parse(answer).access_token;
}

/** What happens off stage: a provider or the clock does something, and everything that follows from it is done. */
export async function quietly(call: Narrator['call'], path: string, body: object): Promise<void> {
  await call('POST', path, { body, quiet: true });
  await call('POST', '/local/settle', { quiet: true });
}
