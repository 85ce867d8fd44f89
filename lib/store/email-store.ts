import type { EmailStore } from '#lib/ports';
import { userPartition } from '#lib/store/keys';
import { queryPage } from '#lib/store/read';
import { EMAIL_PREFIX, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** They sort by what they are about and not by time, so the newest are found by looking at all; this many at most. */
const LOOKED_AT_MAX = 500;

/** The e-mails of a user, in the table itself. */
export function createEmailStore(table: Table): EmailStore {
  return {
    latest: async ({ userId, limit }) => {
      const { items, next } = await queryPage(table, {
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': userPartition(userId), ':prefix': EMAIL_PREFIX },
        ConsistentRead: true,
        Limit: LOOKED_AT_MAX,
      });
      const emails = items.map((item) => recordFromItem('email', item).value);
      return {
        emails: emails.toSorted((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)).slice(0, limit),
        isComplete: next === undefined,
      };
    },
  };
}
