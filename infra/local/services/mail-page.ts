import type { Mail } from '#infra/local/services/ses';

/** The inbox of everything that was sent, newest first; each mail links to `${base}/${id}`. */
export function inboxPage(mails: readonly Mail[], base: string): string {
  const rows = mails
    .toReversed()
    .map(
      (mail) =>
        `<tr><td>${escapeHtml(mail.sent_at)}</td><td>${escapeHtml(mail.to.join(', '))}</td>` +
        `<td><a href="${escapeHtml(`${base}/${encodeURIComponent(mail.id)}`)}">${escapeHtml(mail.subject)}</a></td></tr>`,
    );
  const body =
    rows.length === 0
      ? '<p>No mail yet.</p>'
      : `<table><thead><tr><th>Sent</th><th>To</th><th>Subject</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return page('Mail', body);
}

/** One mail for the browser. Its HTML is shown in a sandbox: it may neither run nor fetch as us. */
export function mailPage(mail: Mail): string {
  const facts = [
    ['From', mail.from],
    ['To', mail.to.join(', ')],
    ['Sent', mail.sent_at],
    [
      'Tags',
      Object.entries(mail.tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    ],
  ].map(([name = '', value = '']) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  const html =
    mail.html === null
      ? ''
      : `<iframe sandbox title="The mail as HTML" srcdoc="${escapeHtml(mail.html)}"></iframe>`;
  const text = mail.text === null ? '' : `<h2>Text</h2><pre>${escapeHtml(mail.text)}</pre>`;
  return page(mail.subject, `<dl>${facts.join('')}</dl>${html}${text}`);
}

function page(title: string, body: string): string {
  const heading = escapeHtml(title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #ddd; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dt { color: #555; }
dd { margin: 0; }
iframe { width: 100%; height: 30rem; border: 1px solid #ddd; }
pre { white-space: pre-wrap; }
</style>
</head>
<body>
<h1>${heading}</h1>
${body}
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
