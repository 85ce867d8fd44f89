import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { addWork, openTestLedger } from '#tests/support/ledger';

const readme = readFileSync('README.md', 'utf8');

test('the lines in the README prove a wallet of any table, whatever service runs on it', async () => {
  const [, script = ''] =
    /node --input-type=module -e '([^']+)' credit-ledger-restored/.exec(readme) ?? [];
  const table = await openTestLedger();
  try {
    const wallet = { userId: 'alice', creditType: 'general' };
    await table.ledger.run(
      addWork({ wallet, amount: 5, cause: 'gift', now: '2026-11-20T12:00:00.000Z' }),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script, table.tableName, wallet.userId],
      {
        env: {
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_ENDPOINT_URL_DYNAMODB: table.dynamo.url,
        },
      },
    );
    expect(JSON.parse(stdout)).toEqual([{ creditType: 'general', entries: 1, problems: [] }]);
  } finally {
    await table.close();
  }
});
