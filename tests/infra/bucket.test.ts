import { expect, test } from 'vitest';
import * as z from 'zod';
import { ofType, ref, synthesized } from '#tests/infra/synthesized';

const resources = synthesized('prod');

test('files are encrypted, never public, and gone after a week', () => {
  const buckets = ofType(resources, 'AWS::S3::Bucket', z.looseObject({}));
  expect(buckets.map(({ properties }) => properties)).toMatchObject([
    {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: {
        Rules: [
          {
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            ExpirationInDays: 7,
            Status: 'Enabled',
          },
        ],
      },
    },
  ]);
});

test('every bucket refuses plain HTTP', () => {
  const policies = ofType(
    resources,
    'AWS::S3::BucketPolicy',
    z.object({
      Bucket: ref,
      PolicyDocument: z.object({
        Statement: z.tuple([
          z.looseObject({
            Effect: z.literal('Deny'),
            Action: z.literal('s3:*'),
            Condition: z.object({ Bool: z.object({ 'aws:SecureTransport': z.literal('false') }) }),
          }),
        ]),
      }),
    }),
  );
  const buckets = ofType(resources, 'AWS::S3::Bucket', z.looseObject({})).map(({ id }) => id);
  expect(policies.map(({ properties }) => properties.Bucket)).toEqual(buckets);
});
