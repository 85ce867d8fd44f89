import * as z from 'zod';
import type { Narrator } from '#infra/local/demo-narrator';
import { quietly, tokenOf } from '#infra/local/demo-stage';

/*
 * The fourth part of `npm run demo`: a subscription from its first page to its end. It is the transcript of the
 * README's "Plans", with a user of its own.
 */

const page = z.object({ session_id: z.string() });
const PATH = '/api/subscriptions/fay';
/** The credits come with the invoice: whether it is there already when a change is answered is chance. */
const CHANGED = ['tier', 'status', 'pending_change', 'cancel_at_period_end'];

export async function tellPlans({ call, say }: Narrator): Promise<void> {
  // Months pass here, and a token lives for an hour.
  const fay = () => tokenOf(call, { sub: 'fay', email: 'fay@example.com' });
  const change = async (what: string, body?: object) =>
    call('POST', `${PATH}/${what}`, { token: await fay(), ...(body && { body }), fields: CHANGED });
  const look = async (): Promise<void> => {
    const columns = ['credit_type', 'granted', 'remaining'];
    await call('GET', PATH, { token: await fay(), fields: [...CHANGED, 'plan_credits'], columns });
    await call('GET', '/credits/balance', { token: await fay(), fields: ['credits_balance'] });
  };

  say('Fay has the FREE tier and subscribes to PRO. She pays on the hosted page.');
  const urls = {
    success_url: 'http://localhost:3000/success',
    cancel_url: 'http://localhost:3000/cancel',
  };
  const { session_id: session } = page.parse(
    await call('POST', `${PATH}/upgrade`, { token: await fay(), body: { tier: 'PRO', ...urls } }),
  );
  await quietly(call, `/local/stripe/sessions/${session}/pay`, { outcome: 'success' });
  await look();

  say(
    'A month later: 500 new credits, and 250 carried over, which is what PRO allows. Her bonus is untouched.',
  );
  await quietly(call, '/local/clock', { advance: 'P31DT2H' });
  await look();

  say(
    'PREMIUM is more: at once, and the difference is paid at once. What PRO gave this month makes way for what PREMIUM gives; what was carried over stays.',
  );
  await change('upgrade', { tier: 'PREMIUM' });
  await call('POST', '/local/settle', { quiet: true });
  await look();

  say('Down is at the end of what is paid for. It can be taken back until then.');
  await change('downgrade', { tier: 'PRO' });
  await change('resume');

  say('She cancels: all of it is hers until the period ends, and then she has FREE again.');
  await change('cancel', { reason: 'too dear' });
  await quietly(call, '/local/clock', { advance: 'P32D' });
  await look();
}
