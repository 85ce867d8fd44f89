export interface RedirectUrls {
  readonly successUrl: string;
  readonly cancelUrl: string;
}

export interface UrlRefusal {
  readonly code: 'URL_NOT_ALLOWED';
  readonly field: 'success_url' | 'cancel_url';
}

/**
 * Where people may not be sent back to from a provider's page: to any origin that is not on the allow-list, because
 * that would make us an open redirect. Null where both are.
 */
export function refusedUrl(
  redirectOrigins: ReadonlySet<string>,
  { cancelUrl, successUrl }: RedirectUrls,
): UrlRefusal | null {
  for (const [field, url] of [
    ['success_url', successUrl],
    ['cancel_url', cancelUrl],
  ] as const) {
    if (!redirectOrigins.has(new URL(url).origin)) return { code: 'URL_NOT_ALLOWED', field };
  }
  return null;
}

/** The allow-list from its configuration, as browsers compare origins: scheme, host and port, nothing less. */
export function originsOf(list: string): ReadonlySet<string> {
  return new Set(list.split(',').map((origin) => new URL(origin.trim()).origin));
}
