import type { Route } from '#infra/local/control/route';
import { LocalStackError } from '#infra/local/local-stack-error';
import { inboxPage, mailPage } from '#infra/local/services/mail-page';
import type { Parts } from '#infra/local/stack';

/** What SES would have sent: a list for programs, an inbox for browsers. */
export function mailRoutes({ services: { mails } }: Parts): readonly Route[] {
  const path = '/local/emails';
  return [
    {
      method: 'GET',
      path,
      run: ({ query, wantsHtml }) => {
        const to = query.get('to');
        const emails = mails.list().filter((mail) => to === null || mail.to.includes(to));
        return wantsHtml ? { html: inboxPage(emails, path) } : { json: { emails } };
      },
    },
    {
      method: 'GET',
      path: `${path}/{id}`,
      run: ({ parameters, wantsHtml }) => {
        const mail = mails.get(parameters['id'] ?? '');
        if (mail === undefined) throw new LocalStackError('There is no such e-mail.');
        return wantsHtml ? { html: mailPage(mail) } : { json: mail };
      },
    },
    {
      method: 'DELETE',
      path,
      run: () => {
        mails.clear();
        return { json: { emails: [] } };
      },
    },
  ];
}
