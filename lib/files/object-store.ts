import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchUpload,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { invariant } from '#lib/invariant';
import type { FileStore } from '#lib/ports';

const ATTEMPTS_MAX = 4;
const CONNECTION_TIMEOUT_MS = 1_000;
/** A part has 5 MB and some. */
const REQUEST_TIMEOUT_MS = 20_000;

/** Files in an S3 bucket. */
export function createObjectStore(bucket: string, config: S3ClientConfig = {}): FileStore {
  const client = new S3Client({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  const at = (key: string) => ({ Bucket: bucket, Key: key });
  return {
    put: async (key, text) => {
      await client.send(new PutObjectCommand({ ...at(key), Body: text }));
    },
    get: async (key) => {
      const { Body } = await client.send(new GetObjectCommand(at(key)));
      invariant(Body, 'an object has a body');
      return Body.transformToString('utf-8');
    },
    beginUpload: async (key, { contentType, name }) => {
      invariant(/^[\w.-]+$/.test(name), 'a file has a harmless name');
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({
          ...at(key),
          ContentType: contentType,
          ContentDisposition: `attachment; filename="${name}"`,
        }),
      );
      invariant(UploadId, 'an upload has an id');
      return UploadId;
    },
    putPart: async ({ key, uploadId, number, text }) => {
      const part = { UploadId: uploadId, PartNumber: number, Body: Buffer.from(text) };
      const { ETag } = await client.send(new UploadPartCommand({ ...at(key), ...part }));
      invariant(ETag, 'a part has a tag');
      return ETag;
    },
    finishUpload: async ({ key, uploadId, etags }) => {
      const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
      const upload = { ...at(key), UploadId: uploadId, MultipartUpload: { Parts } };
      try {
        await client.send(new CompleteMultipartUploadCommand(upload));
      } catch (error) {
        if (!(error instanceof NoSuchUpload)) throw error;
        // Finished before, by a run whose progress was lost: then the file is there.
        await client.send(new HeadObjectCommand(at(key)));
      }
    },
    link: ({ key, expiresInSeconds }) =>
      getSignedUrl(client, new GetObjectCommand(at(key)), { expiresIn: expiresInSeconds }),
  };
}
