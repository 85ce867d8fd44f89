import type { CreditPackage } from '#lib/catalog/package';

/** What a new deployment sells until its operator prices something else. */
export const defaultPackages: readonly CreditPackage[] = [
  {
    id: 'starter',
    name: 'Starter',
    description: '100 credits',
    creditType: 'general',
    credits: 100,
    prices: [],
    discountPercent: 0,
    active: true,
    position: 1,
  },
  {
    id: 'pro',
    name: 'Pro',
    description: '1,000 credits',
    creditType: 'general',
    credits: 1_000,
    prices: [],
    discountPercent: 20,
    active: true,
    position: 2,
  },
  {
    id: 'business',
    name: 'Business',
    description: '10,000 credits',
    creditType: 'general',
    credits: 10_000,
    prices: [],
    discountPercent: 40,
    active: true,
    position: 3,
  },
];
