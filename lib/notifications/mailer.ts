/** What a reader gets. Both bodies say the same. */
export interface MailContent {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

export interface Mail extends MailContent {
  readonly to: string;
}

export type MailOutcome =
  | { readonly kind: 'accepted'; readonly messageId: string }
  /** This address does not get this mail, however often we try. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Certainly not accepted, for a reason that passes or that we can repair. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The request went out and the answer did not come back: the mail has perhaps been accepted. */
  | { readonly kind: 'unconfirmed'; readonly reason: string };

/** Sends one mail once: it never repeats a request by itself, because only its caller knows whether it may. */
export interface Mailer {
  readonly send: (mail: Mail) => Promise<MailOutcome>;
}
