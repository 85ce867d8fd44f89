import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { answerDeployment } from '#functions/seed/answer-deployment';
import { listen, stopListening } from '#infra/local/listen';
import { defaultPackages } from '#lib/catalog/default-packages';
import type { LedgerStore } from '#lib/ports';
import { createCatalogStore } from '#lib/store/catalog-store';
import { keptLog } from '#tests/support/kept-log';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let test: TestLedger;
let answers: { readonly body: unknown; readonly method: string; readonly contentType: string }[];
let status: number;
let url: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  test = await openTestLedger();
  answers = [];
  status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(z.instanceof(Buffer).parse(chunk)));
    request.on('end', () => {
      answers.push({
        body: JSON.parse(Buffer.concat(chunks).toString()),
        method: request.method ?? '',
        contentType: request.headers['content-type'] ?? '',
      });
      response.writeHead(status).end();
    });
  });
  url = `http://127.0.0.1:${await listen(server)}/answer?X-Signature=abc`;
  stop = async () => {
    server.closeAllConnections();
    await stopListening(server);
  };
});
afterEach(async () => {
  await stop();
  await test.close();
});

const { log } = keptLog();

/** CloudFormation's call. */
function deploy(
  RequestType = 'Create',
  store: Pick<LedgerStore, 'write'> = test.ledger,
): Promise<void> {
  return answerDeployment(
    { store, log },
    {
      RequestType,
      ResponseURL: url,
      StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/ledger/1',
      RequestId: 'request-1',
      LogicalResourceId: 'SeedDefaults',
      ResourceType: 'AWS::CloudFormation::CustomResource',
      ...(RequestType !== 'Create' && { PhysicalResourceId: 'chosen-before' }),
      ResourceProperties: { Revision: 'abc' },
    },
  );
}

const packages = () => createCatalogStore(test.table).packages();

describe('a deployment', () => {
  it('puts the default packages on sale and says so to CloudFormation', async () => {
    await deploy();
    expect(await packages()).toHaveLength(defaultPackages.length);
    expect(await packages()).toEqual(expect.arrayContaining([...defaultPackages]));
    expect(answers).toEqual([
      {
        method: 'PUT',
        // The URL's signature covers the content type: there is none.
        contentType: '',
        body: {
          Status: 'SUCCESS',
          PhysicalResourceId: 'credit-ledger-defaults',
          StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/ledger/1',
          RequestId: 'request-1',
          LogicalResourceId: 'SeedDefaults',
        },
      },
    ]);
  });

  it('keeps what an operator has changed since the last one, and adds what is missing', async () => {
    const [starter, ...others] = defaultPackages;
    if (!starter) throw new Error('there are default packages');
    const id = { packageId: starter.id };
    const priced = { ...starter, active: false, prices: [{ currency: 'EUR', amountMinor: 777 }] };
    await test.ledger.write([{ record: 'package', id, value: priced, version: null }]);
    await deploy();
    await deploy('Update');
    const found = await packages();
    expect(found).toHaveLength(defaultPackages.length);
    expect(found).toEqual(expect.arrayContaining([priced, ...others]));
    expect(answers.map(({ body }) => body)).toMatchObject([
      { Status: 'SUCCESS' },
      { Status: 'SUCCESS', PhysicalResourceId: 'chosen-before' },
    ]);
  });

  it('fails with a reason when the defaults cannot be written', async () => {
    await deploy('Create', { write: () => Promise.reject(new Error('no such table')) });
    expect(answers.map(({ body }) => body)).toMatchObject([
      { Status: 'FAILED', Reason: 'The defaults were not written; the log says why.' },
    ]);
  });

  it('is asked for again by Lambda when CloudFormation did not take the answer', async () => {
    status = 503;
    await expect(deploy()).rejects.toThrow('503');
    status = 200;
    await deploy();
    expect(answers).toHaveLength(2);
    expect(await packages()).toHaveLength(defaultPackages.length);
  });
});

it('deleting the stack leaves the table as it is', async () => {
  await deploy('Delete');
  expect(await packages()).toEqual([]);
  expect(answers.map(({ body }) => body)).toMatchObject([
    { Status: 'SUCCESS', PhysicalResourceId: 'chosen-before' },
  ]);
});
