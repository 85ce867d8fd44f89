import * as z from 'zod';
import type { ApplicationDependencies } from '#functions/applications/dependencies';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { toApplication } from '#lib/http/application-resource';
import { endpoint } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';

// A cursor names the application that it goes on with: those that are made meanwhile move no page.
const position = z.int().min(1);

/** GET /applied-projects */
export const listApplications = endpoint(
  applicationRoutes.listApplications,
  async (call, { applications: stored }: ApplicationDependencies) => {
    const page = openPage(call, position);
    const { applications, total } = await stored.page({
      userId: call.caller.sub,
      limit: page.limit,
      ...(page.position === null
        ? { offset: (page.page - 1) * page.limit }
        : { offset: 0, upTo: page.position }),
    });
    const oldest = applications.at(-1)?.number ?? 1;
    const next = oldest > 1 ? oldest - 1 : null;
    return {
      status: 200,
      body: {
        applications: applications.map(toApplication),
        pagination: closePage(page, { total, next }),
      },
    };
  },
);
