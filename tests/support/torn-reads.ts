import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { createTableClient } from '#lib/store/table';
import type { TestClientConfig } from '#tests/support/table';

const batchSchema = z.object({
  RequestItems: z.record(z.string(), z.looseObject({ Keys: z.array(z.unknown()) })),
});

/**
 * A client whose first batch that asks for such an item looks at it too early: before a transaction whose other items it
 * sees. DynamoDB reads the items of a batch each at its own instant.
 */
export function tornClient(
  config: TestClientConfig,
  isEarly: (key: string) => boolean,
): DynamoDBClient {
  const client = createTableClient(config);
  let isTorn = false;
  client.middlewareStack.add(
    (next) => async (args) => {
      const batch = batchSchema.safeParse(args.input);
      if (isTorn || !batch.success) return next(args);
      const requests = Object.entries(batch.data.RequestItems).map(([table, request]) => {
        const Keys = request.Keys.filter((key) => !isEarly(JSON.stringify(key)));
        isTorn ||= Keys.length < request.Keys.length;
        return [table, { ...request, Keys }] as const;
      });
      Object.assign(args.input, { RequestItems: Object.fromEntries(requests) });
      return next(args);
    },
    { step: 'initialize', priority: 'high' },
  );
  return client;
}
