import * as z from 'zod';

/** A user as the ledger knows one: whom to write to. Credits are in the wallets, never here. */
export const accountSchema = z.object({
  userId: z.string(),
  /** Null where the app registered a user without one; then no e-mail is ever sent. */
  email: z.string().nullable(),
  createdAt: z.string(),
});
export type Account = z.infer<typeof accountSchema>;
