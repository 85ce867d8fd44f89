import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerUser } from '#functions/registration/register-user';
import { keptLog } from '#tests/support/kept-log';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

const { log } = keptLog();

let users = 0;

/** Cognito's event about a user of its own. */
function confirmationOf(
  changes: { readonly triggerSource?: string; readonly email?: string | null } = {},
) {
  users += 1;
  const userId = `user-${users}`;
  const email = changes.email === undefined ? 'ada@example.com' : changes.email;
  const event = {
    version: '1',
    region: 'us-east-1',
    userPoolId: 'us-east-1_pool',
    userName: userId,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: 'app' },
    triggerSource: changes.triggerSource ?? 'PostConfirmation_ConfirmSignUp',
    request: { userAttributes: { sub: userId, ...(email !== null && { email }) } },
    response: {},
  };
  return { userId, event };
}

function register(event: unknown) {
  return registerUser({ ledger: test.ledger, now: () => new Date(NOW), log }, event);
}

async function accountOf(userId: string) {
  const read = await test.ledger.load([{ record: 'account', id: { userId } }]);
  return read('account', { userId })?.value ?? null;
}

describe('a confirmed user', () => {
  it('has an account and one credit to begin with', async () => {
    const { userId, event } = confirmationOf();
    await register(event);
    expect(await accountOf(userId)).toEqual({ userId, email: 'ada@example.com', createdAt: NOW });
    expect(await test.ledger.loadEntries(userId)).toMatchObject([
      {
        type: 'bonus',
        amount: 1,
        balanceAfter: 1,
        cause: 'signup',
        actor: 'system:registration',
        draws: [{ category: 'promotional', expiresAt: null }],
      },
    ]);
  });

  it('gets one bonus, however often Cognito asks at once and later', async () => {
    const { userId, event } = confirmationOf();
    await Promise.all(Array.from({ length: 10 }, () => register(event)));
    await register(event);
    expect(await test.ledger.loadEntries(userId)).toHaveLength(1);
    expect((await test.ledger.loadHead({ userId, creditType: 'general' })).balance).toBe(1);
  });

  it('keeps the account and the bonus they have, whatever a later confirmation says', async () => {
    const { userId, event } = confirmationOf();
    await register(event);
    await register({
      ...event,
      request: { userAttributes: { sub: userId, email: 'eve@evil.test' } },
    });
    expect(await accountOf(userId)).toMatchObject({ email: 'ada@example.com' });
    expect(await test.ledger.loadEntries(userId)).toHaveLength(1);
  });

  it('may have no address', async () => {
    const { userId, event } = confirmationOf({ email: null });
    await register(event);
    expect(await accountOf(userId)).toMatchObject({ email: null });
  });
});

it('a new password opens no account', async () => {
  const { userId, event } = confirmationOf({
    triggerSource: 'PostConfirmation_ConfirmForgotPassword',
  });
  await register(event);
  expect(await accountOf(userId)).toBeNull();
  expect(await test.ledger.loadEntries(userId)).toEqual([]);
});

it('a registration that could not be written fails the trigger, and the next one succeeds', async () => {
  const { userId, event } = confirmationOf();
  const down = {
    ...test.ledger,
    run: () => Promise.reject(new Error('the table is not there')),
  };
  await expect(
    registerUser({ ledger: down, now: () => new Date(NOW), log }, event),
  ).rejects.toThrow('the table is not there');
  expect(await accountOf(userId)).toBeNull();
  await register(event);
  expect((await test.ledger.loadHead({ userId, creditType: 'general' })).balance).toBe(1);
});
