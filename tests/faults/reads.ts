import { routes } from '#lib/contract/routes';
import { isBucket } from '#tests/faults/end-state';
import { ask, perform } from '#tests/faults/scenario';
import { applied, exportBegun, runJobs } from '#tests/faults/scenarios/admin';
import { bought, quarantined } from '#tests/faults/scenarios/money';
import { ADMIN, BACKEND, type Request, request, schedule, user } from '#tests/faults/steps';
import { type RouteName, routeNames, type Subject } from '#tests/faults/subjects';
import type { World } from '#tests/faults/world';

/**
 * GETs that leave something behind, found by asking each of them about things that are there. One that is new and
 * asks for more than a user fails here until it is told what to ask about.
 */
export async function writingReads(world: World): Promise<readonly Subject[]> {
  await world.reset();
  const asked = await questions(world);
  const left = async (): Promise<string> => {
    const items = (await world.items()).filter((item) => !isBucket(item));
    return JSON.stringify([items, world.trail().filter(isSentElsewhere)]);
  };
  let before = await left();
  const writing: Subject[] = [];
  for (const name of routeNames()) {
    const { access, method, path } = routes[name];
    if (method !== 'GET') continue;
    const of: Request = path.includes('{userId}') ? { params: { userId: 'ann' } } : {};
    const step = request(world, name, { as: callers[access.kind], ...of, ...asked[name] });
    await perform(world, step);
    if ((await left()) === before) continue;
    writing.push(`route ${name}`);
    before = await left();
  }
  return writing;
}

/** A call to something else than the table that is no question: `admin: sqs SendMessage, pass`. */
function isSentElsewhere(call: string): boolean {
  return !/: (dynamodb |\w+ (GET |Get))/.test(call);
}

const callers = { public: user('ann'), user: user('ann'), service: BACKEND, admin: ADMIN } as const;

/** What to ask of routes that are about more than a user, with everything there that they are about. */
async function questions(world: World): Promise<Readonly<Partial<Record<RouteName, Request>>>> {
  const { purchase, session } = await bought(world);
  const id = await quarantined(world);
  const application = await applied(world);
  const code = 'WELCOME10';
  await ask(world, 'createPromoCode', { as: ADMIN, body: { code, credits: 10, max_uses: 2 } });
  await ask(world, 'redeemCode', { as: user('ann'), body: { code } });
  const projectId = 'atlas';
  await ask(world, 'refundProject', { as: ADMIN, params: { projectId }, body: {} });
  const rows = [{ user_id: 'ann', amount: 5, reason: 'Asked for it' }];
  const bulk = await ask(world, 'startBulk', { as: ADMIN, body: { rows } });
  const reconciliation = await ask(world, 'startReconciliation', { as: ADMIN, body: {} });
  const exportJob = await exportBegun(world);
  await runJobs(world);
  await perform(world, schedule('rollups'));
  return {
    checkCredits: { query: 'required=5' },
    getCheckout: { params: { session_id: session } },
    getPurchase: { params: { id: purchase } },
    getReceipt: { params: { id: purchase } },
    getApplication: { params: { id: application } },
    getRefundEligibility: { params: { application_id: application } },
    getEvent: { params: { id } },
    listRedemptions: { params: { code } },
    getBulk: { params: { job_id: bulk.text('job_id') } },
    getReconciliationJob: { params: { job_id: reconciliation.text('job_id') } },
    getProjectRefund: { params: { projectId } },
    getExport: { params: { job_id: exportJob } },
    exportTransactions: { query: 'from=2026-11-19' },
  };
}
