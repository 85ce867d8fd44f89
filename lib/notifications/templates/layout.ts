import type { MailContent } from '#lib/notifications/mailer';
import { html } from '#lib/notifications/html';

export interface MailParts {
  readonly appName: string;
  readonly subject: string;
  /** Paragraphs, in plain text. */
  readonly opening: readonly string[];
  /** Label and value. */
  readonly rows: readonly (readonly [string, string])[];
  readonly closing: readonly string[];
}

/** Of the text form's first column; a longer label widens it. */
const LABEL_WIDTH_MIN = 16;

/** One mail in both forms from the same parts, so that they cannot say different things. */
export function layOut(parts: MailParts): MailContent {
  const { appName, subject, opening, rows, closing } = parts;
  const paragraphs = (texts: readonly string[]) =>
    texts.map((text) => html`<p style="margin:0 0 16px">${text}</p>`);
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${subject}</title>
      </head>
      <body
        style="margin:0;padding:24px;background:#f5f6f8;color:#1c2024;font:16px/1.5 system-ui,sans-serif"
      >
        <div style="max-width:560px;margin:0 auto;padding:32px;background:#fff;border-radius:8px">
          <h1 style="margin:0 0 16px;font-size:20px">${subject}</h1>
          ${paragraphs(opening)}
          <table role="presentation" style="width:100%;margin:0 0 16px;border-collapse:collapse">
            ${rows.map(
              ([label, value]) =>
                html`<tr>
                  <td style="padding:6px 12px 6px 0;color:#60646c">${label}</td>
                  <td style="padding:6px 0;text-align:right;overflow-wrap:anywhere">${value}</td>
                </tr> `,
            )}
          </table>
          ${paragraphs(closing)}
          <p style="margin:0;color:#60646c">${appName}</p>
        </div>
      </body>
    </html> `;
  const width = Math.max(LABEL_WIDTH_MIN, ...rows.map(([label]) => `${label}: `.length));
  const table = rows.map(([label, value]) => `${`${label}:`.padEnd(width)}${value}`);
  const text = [...opening, table.join('\n'), ...closing, appName].join('\n\n');
  return { subject, html: document.html, text: `${text}\n` };
}
