import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

import type { StateStore } from '#infra/local/state';

const headersSchema = z.object({
  content_type: z.string(),
  content_disposition: z.string().nullable(),
});
export type ObjectHeaders = z.infer<typeof headersSchema>;

const objectSchema = headersSchema.extend({
  id: z.string(),
  file: z.string(),
  etag: z.string(),
  modified_at: z.string(),
});
export type StoredObject = z.infer<typeof objectSchema>;

const uploadSchema = headersSchema.extend({
  id: z.string(),
  object: z.string(),
  parts: z.array(z.object({ number: z.int(), file: z.string(), etag: z.string(), bytes: z.int() })),
});
type Upload = z.infer<typeof uploadSchema>;

/** Objects as files, with what is said about them in the state file. An object is named `bucket/key`. */
export interface ObjectFiles {
  get(object: string): StoredObject | undefined;
  read(object: StoredObject): Buffer;
  put(object: string, headers: ObjectHeaders, body: Buffer): StoredObject;
  begin(id: string, object: string, headers: ObjectHeaders): void;
  upload(id: string): Upload | undefined;
  putPart(upload: Upload, number: number, body: Buffer): string;
  /** Makes one object of the parts and forgets the upload. */
  finish(upload: Upload, numbers: readonly number[]): StoredObject;
}

export function openObjectFiles(options: {
  readonly folder: string;
  readonly state: StateStore;
  readonly now: () => Date;
}): ObjectFiles {
  const { folder, now, state } = options;
  const objects = state.collection('s3_objects', objectSchema);
  const uploads = state.collection('s3_uploads', uploadSchema);
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  const write = (body: Buffer): { readonly file: string; readonly etag: string } => {
    const etag = createHash('md5').update(body).digest('hex');
    const file = createHash('sha256').update(body).digest('hex');
    const path = join(folder, file);
    // Under another name first: a process that is killed leaves no half of a file.
    writeFileSync(`${path}.new`, body, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    return { file, etag };
  };
  const put: ObjectFiles['put'] = (object, headers, body) => {
    const stored = { ...headers, ...write(body), id: object, modified_at: now().toISOString() };
    objects.put(object, stored);
    return stored;
  };
  return {
    get: (object) => objects.get(object),
    read: ({ file }) => readFileSync(join(folder, file)),
    put,
    begin: (id, object, headers) => {
      uploads.put(id, { ...headers, id, object, parts: [] });
    },
    upload: (id) => uploads.get(id),
    putPart: (upload, number, body) => {
      const part = { number, bytes: body.length, ...write(body) };
      const others = upload.parts.filter((each) => each.number !== number);
      uploads.put(upload.id, { ...upload, parts: [...others, part] });
      return part.etag;
    },
    finish: (upload, numbers) => {
      const files = numbers.map((number) => upload.parts.find((part) => part.number === number));
      const whole = files.flatMap((part) => (part ? [readFileSync(join(folder, part.file))] : []));
      const stored = put(upload.object, upload, Buffer.concat(whole));
      uploads.delete(upload.id);
      for (const { file } of upload.parts) {
        if (file !== stored.file) rmSync(join(folder, file), { force: true });
      }
      return stored;
    },
  };
}
