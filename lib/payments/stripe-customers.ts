import * as z from 'zod';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import { stripeId } from '#lib/payments/stripe-objects';
import type { OpenCustomer } from '#lib/purchases/provider-customer';

const customerSchema = z.object({
  object: z.literal('customer'),
  id: stripeId,
  livemode: z.boolean(),
});

/** Opens customers under a key that is the user's own, so that nobody ever gets two at once. */
export function openStripeCustomer(account: StripeAccount): OpenCustomer {
  return async ({ email, userId }) => {
    const answer = await askStripe(account, (stripe) =>
      stripe.customers.create(
        { metadata: { user_id: userId }, ...(email !== null && { email }) },
        { idempotencyKey: `user:${userId}:customer:v1` },
      ),
    );
    if (answer.kind !== 'answered') return answer;
    const parsed = customerSchema.safeParse(answer.value);
    return parsed.success && parsed.data.livemode === account.livemode
      ? { kind: 'made', customerRef: parsed.data.id }
      : { kind: 'unknown', detail: 'the answer is no customer of ours' };
  };
}
