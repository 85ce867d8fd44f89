import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordRefusal } from '#lib/admin/count-refusals';
import { allRoutes, type routes } from '#lib/contract/routes';
import { apiHandler, type ApiHandler } from '#lib/http/api-handler';
import { createTokenVerifier } from '#lib/identity/verify-token';
import { context, httpEvent, testRuntime } from '#tests/http/events';
import { CLIENTS, type Claims, type Issuer, startIssuer } from '#tests/identity/issuer';

// Alice calls; `{userId}` in a path is alice but for the column in which it is bob.
const past = Math.floor(Date.now() / 1000) - 60;
const groups = (...names: string[]) => ({ 'cognito:groups': names });
const service = (scope: string) => ({ client_id: CLIENTS.service, sub: CLIENTS.service, scope });
const admin = (...names: string[]) => ({ client_id: CLIENTS.admin, ...groups(...names) });

const tokens = {
  user: {},
  idToken: { token_use: 'id', aud: CLIENTS.user },
  otherClient: { client_id: 'other' },
  expired: { exp: past },
  suspended: groups('suspended'),
  appTokenOfAdmin: groups('admin', 'finance', 'support'),
  serviceRead: service('credits/read'),
  serviceWrite: service('credits/write'),
  serviceNone: service(''),
  adminNoGroup: admin(),
  notAdmin: admin('not-admin'),
  // As the gateway's authorizer would hand a list on: text, in which `not-admin` contains `admin`.
  flattened: { client_id: CLIENTS.admin, 'cognito:groups': '[not-admin admin]' },
  support: admin('support'),
  finance: admin('finance'),
  admin: admin('admin'),
  suspendedAdmin: admin('admin', 'suspended'),
} satisfies Record<string, Claims>;
type Column = keyof typeof tokens | 'none' | 'garbage' | 'forged' | 'userForBob';
type Row = Readonly<Record<Column, number>>;

const anyone: Row = {
  none: 200,
  garbage: 200,
  forged: 200,
  user: 200,
  userForBob: 200,
  idToken: 200,
  otherClient: 200,
  expired: 200,
  suspended: 200,
  appTokenOfAdmin: 200,
  serviceRead: 200,
  serviceWrite: 200,
  serviceNone: 200,
  adminNoGroup: 200,
  notAdmin: 200,
  flattened: 200,
  support: 200,
  finance: 200,
  admin: 200,
  suspendedAdmin: 200,
};
const noGoodToken = {
  none: 401,
  garbage: 401,
  forged: 401,
  idToken: 401,
  otherClient: 401,
  expired: 401,
  flattened: 401,
};
const noServices = { serviceRead: 403, serviceWrite: 403, serviceNone: 403 };
const nobody = {
  ...noGoodToken,
  ...noServices,
  user: 403,
  userForBob: 403,
  suspended: 403,
  appTokenOfAdmin: 403,
  adminNoGroup: 403,
  notAdmin: 403,
  support: 403,
  finance: 403,
  admin: 403,
  suspendedAdmin: 403,
};

const people: Row = { ...anyone, ...noGoodToken, ...noServices };
const unlessSuspended: Row = { ...people, suspended: 403, suspendedAdmin: 403 };
// For bob there is the 404 of a missing thing, so that nobody learns who exists.
const servicesAndSelf: Row = { ...people, serviceRead: 200, serviceWrite: 200, userForBob: 404 };
const writingServices: Row = { ...nobody, serviceWrite: 200 };
// Whoever is suspended reads and stops paying, and begins nothing.
const writingServicesAndSelf: Row = { ...servicesAndSelf, serviceRead: 403 };
const unlessSuspendedSelf: Row = {
  ...writingServicesAndSelf,
  suspended: 403,
  suspendedAdmin: 403,
};
const reporters: Row = { ...nobody, finance: 200, admin: 200 };
const refunders: Row = reporters;
const readers: Row = { ...reporters, support: 200 };
const configurers: Row = { ...nobody, admin: 200 };
const adjusters: Row = reporters;

const matrix: Readonly<Record<keyof typeof routes, Row>> = {
  getHealth: anyone,
  getOpenapi: anyone,
  getEventSchemas: anyone,
  getAutoTopup: people,
  putAutoTopup: unlessSuspended,
  setUpAutoTopup: unlessSuspended,
  resumeAutoTopup: unlessSuspended,
  getUserAutoTopup: servicesAndSelf,
  putUserAutoTopup: writingServices,
  setUpUserAutoTopup: writingServices,
  getAlerts: people,
  putAlerts: unlessSuspended,
  getUserAlerts: servicesAndSelf,
  putUserAlerts: writingServices,
  getBalance: people,
  listBalances: people,
  checkCredits: people,
  listHistory: people,
  getUsage: people,
  createAccount: writingServices,
  getUserBalance: servicesAndSelf,
  listUserHistory: servicesAndSelf,
  addCredits: writingServices,
  deductCredits: writingServices,
  refundCredits: writingServices,
  placeHold: writingServices,
  captureHold: writingServices,
  releaseHold: writingServices,
  listHolds: servicesAndSelf,
  transferCredits: writingServices,
  getSubscription: servicesAndSelf,
  getQuotas: servicesAndSelf,
  recordUsage: writingServices,
  deductBatch: writingServices,
  listPackages: anyone,
  createCheckout: unlessSuspended,
  getCheckout: people,
  initiatePurchase: unlessSuspended,
  verifyPayment: unlessSuspended,
  listPurchases: people,
  getPurchase: people,
  getReceipt: people,
  upgradeSubscription: unlessSuspendedSelf,
  downgradeSubscription: unlessSuspendedSelf,
  cancelSubscription: writingServicesAndSelf,
  resumeSubscription: unlessSuspendedSelf,
  redeemCode: unlessSuspended,
  applyToProject: unlessSuspended,
  listApplications: people,
  getApplication: people,
  getRefundEligibility: people,
  withdrawApplication: unlessSuspended,
  listRefunds: people,
  getUser: readers,
  getUserShort: readers,
  lookUpBalance: readers,
  verifyUser: reporters,
  listEvents: reporters,
  getEvent: reporters,
  replayEvent: refunders,
  getReconciliation: reporters,
  getReconciliationJob: reporters,
  startReconciliation: refunders,
  fulfillPurchase: refunders,
  refundPurchase: refunders,
  listAllPurchases: readers,
  getSettings: readers,
  changeSettings: configurers,
  listAllPackages: readers,
  createPackage: configurers,
  changePackage: configurers,
  listPromoCodes: readers,
  createPromoCode: configurers,
  changePromoCode: configurers,
  listRedemptions: readers,
  startBulk: refunders,
  getBulk: refunders,
  adjustCredits: adjusters,
  freezeUser: adjusters,
  unfreezeUser: adjusters,
  listAudit: reporters,
  refundProject: refunders,
  getProjectRefund: readers,
  listTransactions: readers,
  getAnalytics: reporters,
  getReport: reporters,
  exportTransactions: reporters,
  getExport: reporters,
};

let issuer: Issuer;
let handler: ApiHandler;
let recorded: { readonly action: string; readonly actor: string; readonly code: string }[] = [];
beforeAll(async () => {
  issuer = await startIssuer();
  // Every route answers 200 as soon as it is allowed to: only the decision is looked at.
  const open = allRoutes.map((route) => ({
    route,
    handle: async () => ({ status: 200, body: {} }),
  }));
  const verifyToken = createTokenVerifier(issuer.pool, () => new Date());
  const recordRefusal: RecordRefusal = async (context, attempt) => {
    recorded.push({ ...context, ...attempt });
  };
  handler = apiHandler(open, () => ({ verifyToken, recordRefusal }), testRuntime());
});
afterAll(() => issuer.close());

async function tokenOf(column: Column): Promise<string | undefined> {
  if (column === 'none') return undefined;
  if (column === 'garbage') return 'not-a-token';
  if (column === 'forged') return issuer.forge(tokens.admin);
  return issuer.token(column === 'userForBob' ? tokens.user : tokens[column]);
}

const isColumn = (name: string): name is Column => name in anyone;

test('every route has a row', () => {
  expect(Object.keys(matrix).toSorted()).toEqual(allRoutes.map(({ name }) => name).toSorted());
});

test.each(allRoutes)(
  '$method $path answers each kind of token as the table says',
  async (route) => {
    const row = Object.entries(matrix).find(([name]) => name === route.name)?.[1];
    const answered: Record<string, number | undefined> = {};
    recorded = [];
    for (const column of Object.keys(anyone).filter(isColumn)) {
      const token = await tokenOf(column);
      const params = {
        userId: column === 'userForBob' ? 'bob' : 'alice',
        id: 'x',
        session_id: 'x',
        code: 'CODE',
        projectId: 'project-1',
        application_id: 'x',
      };
      const event = httpEvent(route, { params, ...(token !== undefined && { token }) });
      answered[column] = (await handler(event, context())).statusCode;
    }
    expect(answered).toEqual(row);
    // Whoever we know and refuse a route of admins stands in the audit; a stranger without a token has no name.
    const refused = Object.values(answered).filter((status) => status === 403).length;
    const expected = route.access.kind === 'admin' ? refused : 0;
    expect(recorded).toHaveLength(expected);
    for (const attempt of recorded) {
      expect(attempt).toMatchObject({ action: route.name, code: 'FORBIDDEN' });
    }
  },
);
