import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RAZORPAY_EVENT_TYPES } from '#lib/payments/razorpay-event';
import { STRIPE_EVENT_TYPES } from '#lib/payments/stripe-event';

const readme = readFileSync('README.md', 'utf8');
/** Stripe's older name of refund.updated, which comes beside it. */
const ALIASES = ['charge.refund.updated'];

/** The events that a step of the deployment says to select: names, or all of a kind. */
function selectedIn(step: string): readonly string[] {
  const [, text = ''] =
    new RegExp(`^\\d\\. \\*\\*${step}\\.\\*\\*([^]*?)^\\d\\. `, 'm').exec(readme) ?? [];
  return [...text.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.(?:[a-z_]+|\*))`/g)].map(
    ([, name = '']) => name,
  );
}

it.each([
  ['Stripe webhook', STRIPE_EVENT_TYPES],
  ['Razorpay', RAZORPAY_EVENT_TYPES],
])('the README’s step “%s” selects every event that we read, and no other', (step, types) => {
  const selected = selectedIn(step);
  const isOf = (type: string) => (name: string) =>
    name.endsWith('.*') ? type.startsWith(name.slice(0, -1)) : type === name;
  const needed = types.filter((type) => !ALIASES.includes(type));
  expect(needed.filter((type) => !selected.some(isOf(type)))).toEqual([]);
  expect(selected.filter((name) => !needed.some((type) => isOf(type)(name)))).toEqual([]);
  expect(selected.length).toBeGreaterThan(5);
});
