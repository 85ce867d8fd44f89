import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

import { html, type Html } from '#infra/local/providers/html';

/** Sends a page that may load nothing and run nothing; `render` puts the nonce on its style. */
export function sendPage(
  response: ServerResponse,
  status: number,
  render: (nonce: string) => Html,
): void {
  const nonce = randomBytes(16).toString('base64url');
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  response.end(render(nonce).markup);
}

/** The frame of a hosted checkout page. */
export function checkoutLayout(page: {
  /** Whose page this is in production. */
  readonly provider: string;
  readonly title: string;
  readonly content: Html;
  readonly nonce: string;
}): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <style nonce="${page.nonce}">
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <h1>Checkout</h1>
          <p>
            <strong>Test mode</strong> This page stands in for ${page.provider}. No money moves.
          </p>
        </header>
        <main>${page.content}</main>
      </body>
    </html>`;
}

const STYLE: Html = html`
  :root { color-scheme: light dark; --ink: #1a1f36; --dim: #545969; --line: #d5dbe1; --paper:
  #ffffff; --side: #f6f8fa; --accent: #4b45c6; --bad: #b3093c; } @media (prefers-color-scheme: dark)
  { :root { --ink: #f0f2f7; --dim: #b5bccb; --line: #3b4154; --paper: #1b2030; --side: #14182499;
  --accent: #a5a0ff; --bad: #ff9db5; } button.primary { color: #14182b; } } * { box-sizing:
  border-box; } body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--side); } header { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem;
  align-items: baseline; justify-content: space-between; max-width: 60rem; margin: 0 auto; padding:
  1.5rem 1.5rem 0; } h1 { font-size: 1.125rem; margin: 0; } h2 { font-size: 1.125rem; margin: 0 0
  1rem; } header p { margin: 0; color: var(--dim); font-size: 0.875rem; } header strong {
  background: #ffde92; color: #4a2d00; padding: 0.1rem 0.5rem; border-radius: 0.25rem; margin-right:
  0.35rem; } main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem),
  1fr)); gap: 1.5rem; max-width: 60rem; margin: 0 auto; padding: 1.5rem; align-items: start; }
  section { min-width: 0; } section.payment { background: var(--paper); border: 1px solid
  var(--line); border-radius: 0.75rem; padding: 1.5rem; } section.summary { padding: 1.5rem 0; }
  .total { font-size: 2.25rem; font-weight: 600; margin: 0 0 1.5rem; } ul { list-style: none;
  margin: 0; padding: 0; } li { display: flex; justify-content: space-between; gap: 1rem; padding:
  0.75rem 0; border-top: 1px solid var(--line); } li span { overflow-wrap: anywhere; } li
  span:first-child { overflow-wrap: break-word; max-width: 70%; } li.sum { font-weight: 600; } small
  { color: var(--dim); font-weight: 400; } .description { display: block; } label { display: block;
  font-weight: 500; margin: 0 0 0.25rem; } input, select { width: 100%; font: inherit; color:
  inherit; background: var(--paper); border: 1px solid var(--dim); border-radius: 0.4rem; padding:
  0.6rem 0.75rem; margin-bottom: 1rem; } input[readonly] { background: transparent; border-color:
  var(--line); } button { width: 100%; font: inherit; font-weight: 600; color: inherit; cursor:
  pointer; background: transparent; border: 1px solid var(--dim); border-radius: 0.4rem; padding:
  0.65rem 1rem; margin-top: 0.6rem; min-height: 2.75rem; } button.primary { background:
  var(--accent); border-color: var(--accent); } button.quiet { border-color: transparent;
  text-decoration: underline; } button:hover { filter: brightness(0.94); } :focus-visible { outline:
  3px solid var(--accent); outline-offset: 2px; } a { color: var(--accent); } .problem { color:
  var(--bad); border-left: 4px solid var(--bad); padding-left: 0.75rem; } @media
  (prefers-color-scheme: light) { button.primary { color: #ffffff; } }
`;
