import { randomBytes, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import { AwsError } from '#infra/local/services/aws-error';
import { jsonListener, parseInput } from '#infra/local/services/aws-http';
import { createFaults, type Faults } from '#infra/local/services/faults';
import type { StateStore } from '#infra/local/state';

const versionSchema = z.object({ id: z.string(), value: z.string(), created_at: z.number() });
const secretSchema = z.object({
  name: z.string(),
  arn: z.string(),
  current: versionSchema,
  previous: versionSchema.nullable(),
});
type Secret = z.infer<typeof secretSchema>;
type Version = z.infer<typeof versionSchema>;

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

/** Secrets Manager: each secret with its current and its previous value. */
export interface Secrets {
  readonly listener: RequestListener;
  readonly faults: Faults;
  /** Makes the secret unless it is there, so that rotated values outlive a restart; its ARN. */
  ensure(secret: { readonly name: string; readonly value: string }): string;
  /** Rotates: this value becomes the current one and the current one the previous. */
  put(nameOrArn: string, value: string): void;
  /** The current value; throws `AwsError` when there is no such secret. */
  current(nameOrArn: string): string;
}

/** Values live in `state`, whose file only its owner can read. */
export function createSecrets(options: {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: (message: string) => void;
  readonly region?: string;
  readonly accountId?: string;
}): Secrets {
  const { state, clock, log, region = 'us-east-1', accountId = '000000000000' } = options;
  const stored = state.collection('secrets', secretSchema);
  const faults = createFaults();

  const find = (nameOrArn: string): Secret => {
    const secret = stored
      .list()
      .find(({ name, arn }) => [name, arn, withoutSuffix(arn)].includes(nameOrArn));
    if (secret === undefined) {
      throw new AwsError(
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret.",
      );
    }
    return secret;
  };
  const newVersion = (value: string): Version => ({
    id: randomUUID(),
    value,
    created_at: clock.now().getTime() / 1_000,
  });
  const put = (nameOrArn: string, value: string): { secret: Secret; version: Version } => {
    const secret = find(nameOrArn);
    const version = newVersion(value);
    stored.put(secret.name, { ...secret, current: version, previous: secret.current });
    return { secret, version };
  };
  const operations = {
    GetSecretValue: (input: unknown) => {
      const request = parseInput(getSchema, input, 'InvalidParameterException');
      const secret = find(request.SecretId);
      const { version, stage } = selectVersion(secret, request);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        SecretString: version.value,
        VersionStages: [stage],
        CreatedDate: version.created_at,
      };
    },
    PutSecretValue: (input: unknown) => {
      const request = parseInput(putSchema, input, 'InvalidParameterException');
      const { secret, version } = put(request.SecretId, request.SecretString);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: [CURRENT],
      };
    },
  };
  return {
    faults,
    listener: jsonListener({ contentType: 'application/x-amz-json-1.1', operations, faults, log }),
    ensure: ({ name, value }) => {
      const before = stored.get(name);
      if (before !== undefined) return before.arn;
      // Six random characters end every real ARN, so nobody may build one from the name.
      const suffix = randomBytes(3).toString('hex');
      const arn = `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`;
      stored.put(name, { name, arn, current: newVersion(value), previous: null });
      return arn;
    },
    put: (nameOrArn, value) => {
      put(nameOrArn, value);
    },
    current: (nameOrArn) => find(nameOrArn).current.value,
  };
}

const getSchema = z.object({
  SecretId: z.string().min(1),
  VersionStage: z.string().optional(),
  VersionId: z.string().optional(),
});
const putSchema = z.object({ SecretId: z.string().min(1), SecretString: z.string().min(1) });

function selectVersion(
  secret: Secret,
  wanted: z.infer<typeof getSchema>,
): { readonly version: Version; readonly stage: string } {
  const all = [
    { version: secret.current, stage: CURRENT },
    ...(secret.previous === null ? [] : [{ version: secret.previous, stage: PREVIOUS }]),
  ];
  const stage = wanted.VersionStage ?? (wanted.VersionId === undefined ? CURRENT : undefined);
  const found = all.find(
    (candidate) =>
      (stage === undefined || candidate.stage === stage) &&
      (wanted.VersionId === undefined || candidate.version.id === wanted.VersionId),
  );
  if (found === undefined) {
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for staging label: ${stage ?? ''}`,
    );
  }
  return found;
}

function withoutSuffix(arn: string): string {
  return arn.slice(0, -7);
}
