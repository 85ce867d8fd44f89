import type { WalletDependencies } from '#functions/wallet/dependencies';
import { invalidField } from '#lib/contract/problem';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { endpoint } from '#lib/http/endpoint';
import { PERIOD_DAYS_MAX, readUsage } from '#lib/wallets/read-usage';

/** GET /credits/usage */
export const getUsage = endpoint(
  walletRoutes.getUsage,
  async ({ caller, query, request }, { history }: WalletDependencies) => {
    const wallet = { userId: caller.sub, creditType: query.credit_type };
    const period = { from: query.from, to: query.to };
    const usage = await readUsage(history, { wallet, now: request.now, ...period });
    if (usage === 'backwards') throw invalidField('to', 'must be later than from');
    if (usage === 'too_long') {
      throw invalidField('from', `a period has at most ${PERIOD_DAYS_MAX} days`);
    }
    return {
      status: 200,
      body: {
        credit_type: query.credit_type,
        from: usage.from,
        to: usage.to,
        total_used: usage.used,
        total_purchased: usage.purchased,
        balance: usage.balance,
        average_daily: usage.averageDaily,
        transactions: usage.spends,
        by_day: usage.days.map(({ date, used, purchased, spends }) => ({
          date,
          used,
          purchased,
          transactions: spends,
        })),
      },
    };
  },
);
