import { planOfTier, type Tiers } from '#lib/subscriptions/tiers';
import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import { formatCount, formatInstant, type MailRow } from '#lib/notifications/templates/wording';
import { formatMoney } from '#lib/purchases/money-format';
import type { Subscription } from '#lib/subscriptions/subscription';

export interface SubscriptionMail {
  readonly appName: string;
  readonly subscription: Subscription;
  readonly tiers: Tiers;
}

/** That a plan has begun. */
export function subscriptionStarted(mail: SubscriptionMail): MailContent {
  const { tier } = mail.subscription;
  return layOut({
    appName: mail.appName,
    subject: `Your ${tier} plan has started`,
    opening: [`Thank you. Your ${tier} plan runs, and its credits come with every payment.`],
    rows: [...planRows(mail), ...renewalRows(mail)],
    closing: ['You can change or cancel the plan in the app whenever you like.'],
  });
}

/** That another plan runs than before. */
export function subscriptionChanged(mail: SubscriptionMail): MailContent {
  const { tier } = mail.subscription;
  return layOut({
    appName: mail.appName,
    subject: `Your plan is ${tier} now`,
    opening: [
      `Your plan has changed to ${tier}. What the plan before gave and you have not used ends with it; credits that you have bought stay yours.`,
    ],
    rows: [...planRows(mail), ...renewalRows(mail)],
    closing: ['You can change or cancel the plan in the app whenever you like.'],
  });
}

/** That a plan will not be renewed: whoever has cancelled it has this in hand, and whoever has not hears of it. */
export function subscriptionEnding(mail: SubscriptionMail): MailContent {
  const { currentPeriodEnd, tier } = mail.subscription;
  const end = formatInstant(currentPeriodEnd);
  return layOut({
    appName: mail.appName,
    subject: `Your ${tier} plan will end`,
    opening: [
      `Your ${tier} plan is cancelled. It stays as it is until ${end}, with its limits and credits, and is not renewed then. Nothing more is charged.`,
    ],
    rows: [['Plan', tier], ['Ends', end], ...reasonRows(mail), ...idRows(mail)],
    closing: ['If you have changed your mind, resume the plan in the app before it ends.'],
  });
}

/** That a plan has ended, whoever ended it. */
export function subscriptionEnded(mail: SubscriptionMail): MailContent {
  const { endedAt, tier } = mail.subscription;
  return layOut({
    appName: mail.appName,
    subject: `Your ${tier} plan has ended`,
    opening: [
      `Your ${tier} plan has ended, and the credits of the plan with it. The limits of FREE hold from now on. Credits that you have bought stay yours.`,
    ],
    rows: [
      ['Plan', tier],
      ...(endedAt === null ? [] : [['Ended', formatInstant(endedAt)] as const]),
      ...reasonRows(mail),
      ...idRows(mail),
    ],
    closing: ['You can subscribe again in the app whenever you like.'],
  });
}

function planRows({ subscription, tiers }: SubscriptionMail): readonly MailRow[] {
  const { monthly_credits: credits, prices } = planOfTier(tiers, subscription.tier);
  const price = prices.find((each) => each.price_id === subscription.provider?.priceId);
  return [
    ['Plan', subscription.tier],
    ...(price
      ? [['Price a month', formatMoney({ amountMinor: price.amount, ...price })] as const]
      : []),
    ...credits.map(
      (each) => [`Credits a month (${each.credit_type})`, formatCount(each.credits)] as const,
    ),
  ];
}

function renewalRows(mail: SubscriptionMail): readonly MailRow[] {
  return [['Renews', formatInstant(mail.subscription.currentPeriodEnd)], ...idRows(mail)];
}

function reasonRows({ subscription }: SubscriptionMail): readonly MailRow[] {
  const { cancelReason } = subscription;
  return cancelReason === null ? [] : [['Reason', cancelReason]];
}

function idRows({ subscription }: SubscriptionMail): readonly MailRow[] {
  return [['Subscription', subscription.provider?.subscriptionId ?? '']];
}
