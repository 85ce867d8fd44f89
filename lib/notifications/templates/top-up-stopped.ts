import type { MailContent } from '#lib/notifications/mailer';
import { layOut } from '#lib/notifications/templates/layout';
import { formatCount } from '#lib/notifications/templates/wording';
import type { TopUp } from '#lib/topups/top-up';

type Stop = NonNullable<TopUp['stop']>['kind'];

/** That a wallet is not topped up any more until its owner does something. */
export function topUpStopped(input: {
  readonly appName: string;
  readonly topUp: TopUp;
  readonly kind: Stop;
}): MailContent {
  const { appName, kind, topUp } = input;
  const { closing, opening, subject } = WORDS[kind];
  return layOut({
    appName,
    subject,
    opening: [opening],
    rows: [
      ['Credit type', topUp.creditType],
      ...(topUp.terms ? [['Tops up below', formatCount(topUp.terms.threshold)] as const] : []),
      ['Purchase', topUp.stop?.purchaseId ?? ''],
    ],
    closing: [closing],
  });
}

const WORDS: Readonly<
  Record<Stop, { readonly subject: string; readonly opening: string; readonly closing: string }>
> = {
  suspended: {
    subject: 'Your automatic top-up is suspended',
    opening:
      'Your card was declined three times in a row, so we have stopped trying. Nothing was charged.',
    closing:
      'Save another card, or ask your bank, and then resume the automatic top-up in the app.',
  },
  action_required: {
    subject: 'Your automatic top-up needs you',
    opening:
      'Your bank wants you to confirm a payment yourself, so we have turned the automatic top-up off. Nothing was charged.',
    closing: 'Save your card again in the app, which asks your bank for it, and then resume.',
  },
};
