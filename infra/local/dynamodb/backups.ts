import { objectAt, textAt, type Json } from '#infra/local/dynamodb/json';
import {
  answerWith,
  EngineError,
  exception,
  type Answer,
  type EngineClient,
} from '#infra/local/dynamodb/wire';

/**
 * Answers UpdateContinuousBackups and DescribeContinuousBackups, so that a deployment that switches
 * point-in-time recovery on goes through. The switch is remembered; nothing is backed up.
 */
export function createBackups(engine: EngineClient): (request: Json) => Promise<Answer> {
  const switchedOn = new Set<string>();
  return async (request) => {
    const table = textAt(request, 'TableName') ?? '';
    try {
      await engine.ask('DescribeTable', { TableName: table });
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return exception('TableNotFoundException', `Table not found: ${table}`);
    }
    const asked = objectAt(request, 'PointInTimeRecoverySpecification');
    if (asked?.['PointInTimeRecoveryEnabled'] === true) switchedOn.add(table);
    else if (asked !== undefined) switchedOn.delete(table);
    const status = switchedOn.has(table) ? 'ENABLED' : 'DISABLED';
    return answerWith(200, {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: 'ENABLED',
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: status },
      },
    });
  };
}
