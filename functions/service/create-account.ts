import type { ServiceDependencies } from '#functions/service/dependencies';
import { registerAccount } from '#lib/accounts/register-account';
import { problem } from '#lib/contract/problem';
import { serviceRoutes } from '#lib/contract/routes/service';
import { endpoint } from '#lib/http/endpoint';
import { toTransaction } from '#lib/http/wallet-resource';

/** POST /api/accounts */
export const createAccount = endpoint(
  serviceRoutes.createAccount,
  async ({ body, request }, { ledger }: ServiceDependencies) => {
    const outcome = await registerAccount(ledger, {
      userId: body.user_id,
      email: body.email ?? null,
      now: request.now,
      actor: request.actor,
      cause: request.cause,
      fingerprint: request.fingerprint,
    });
    if (outcome.kind === 'reused') throw problem('IDEMPOTENCY_KEY_REUSED');
    if (outcome.kind === 'existing') throw problem('ACCOUNT_EXISTS');
    const { account, entry, kind } = outcome;
    return {
      status: 201,
      replayed: kind === 'replayed',
      body: {
        success: true,
        account: { user_id: account.userId, email: account.email, created_at: account.createdAt },
        balance: entry?.balanceAfter ?? 0,
        transaction_id: entry?.id ?? null,
        transaction: entry && toTransaction(entry),
      },
    };
  },
);
