import * as z from 'zod';
import { type IdKind, ID_PREFIXES } from '#lib/id-prefixes';

/** Every part that enters a table key has this form (DESIGN 4): no separator, no look-alike letters, bounded. */
export const KEY_PART = /^[A-Za-z0-9_-]{1,64}$/;

/** A user id: usually the Cognito `sub`, or whatever id the app's own backend knows the user by. */
export const userId = z
  .string()
  .regex(KEY_PART, 'must be 1 to 64 letters, digits, "-" or "_"')
  .meta({ id: 'UserId' });

/** An id that we made, such as `pur_01J...`: the prefix tells the noun, so ids of two nouns are never mixed up. */
export function idOf(kind: IdKind) {
  const prefix = ID_PREFIXES[kind];
  return z
    .string()
    .regex(
      new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,60}$`),
      `must be an id that starts with "${prefix}_"`,
    );
}

/** An id whose form others decide: a package name of the operator, a project of the app. */
export const keyPart = z.string().regex(KEY_PART, 'must be 1 to 64 letters, digits, "-" or "_"');

/** A provider's id: longer than ours (a Stripe session id has 66 characters), the same harmless letters. */
export const providerId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be 1 to 255 letters, digits, "-" or "_"');
