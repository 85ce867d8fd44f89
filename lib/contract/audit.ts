import * as z from 'zod';
import { timestamp } from '#lib/contract/fields';
import { userId } from '#lib/contract/ids';
import { pagination } from '#lib/contract/wire';

export const AUDIT_OUTCOMES = ['done', 'refused'] as const;

/** As entries and audit records name who acts: `admin:...`, `user:...`, `service:...`, `system:...`. */
export const actor = z
  .string()
  .regex(
    /^(?:admin|user|service|system):[A-Za-z0-9_-]{1,64}$/,
    'must be a kind and an id, such as "admin:ada"',
  );

export const auditAction = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'must be the name of an operation');

export const auditRecord = z
  .strictObject({
    audit_id: z.string(),
    created_at: timestamp,
    actor: z.string(),
    groups: z.array(z.string()).meta({ description: 'The actor’s groups at that time.' }),
    action: z.string().meta({ description: 'The operation, as this document names it.' }),
    outcome: z.enum(AUDIT_OUTCOMES),
    code: z.string().nullable().meta({ description: 'Why it was refused.' }),
    user_id: userId.nullable().meta({ description: 'The user it was done to.' }),
    target: z.strictObject({ type: z.string(), id: z.string() }).nullable(),
    before: z.unknown().meta({ description: 'The state before it, or null.' }),
    after: z.unknown().meta({ description: 'The state after it, or null.' }),
    reason: z.string().nullable(),
    source_ip: z.string().nullable(),
    request_id: z.string(),
    attempts: z.int().min(1).meta({
      description:
        'Refused attempts of one actor at one operation within a minute share a record; it says at least half of how many there were.',
    }),
  })
  .meta({ id: 'AuditRecord', description: 'One act of an admin, or one that was refused.' });

export const auditList = z
  .strictObject({ records: z.array(auditRecord), pagination })
  .meta({ id: 'AuditList' });
