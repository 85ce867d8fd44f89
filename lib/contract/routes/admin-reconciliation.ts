import * as z from 'zod';
import { idOf } from '#lib/contract/ids';
import { job } from '#lib/contract/jobs';
import { reconciliations } from '#lib/contract/reconciliation';
import { route } from '#lib/contract/route';
import { paymentProvider } from '#lib/contract/wire';

const ofProvider = z.strictObject({ provider: paymentProvider.optional() });

/** Comparing the providers' records with our purchases: what the schedule does every hour, and a person at any time. */
export const adminReconciliationRoutes = {
  getReconciliation: route({
    name: 'getReconciliation',
    method: 'GET',
    path: '/admin/credits/reconciliation',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: "The latest comparisons of the providers' records with our purchases",
    query: ofProvider,
    answers: { 200: reconciliations },
    errors: [],
  }),
  startReconciliation: route({
    name: 'startReconciliation',
    method: 'POST',
    path: '/admin/credits/reconciliation',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.refund' },
    summary: "Compares the providers' records with our purchases now, and applies what was missed",
    query: ofProvider,
    idempotent: true,
    answers: { 202: job },
    errors: ['CONTENTION'],
  }),
  getReconciliationJob: route({
    name: 'getReconciliationJob',
    method: 'GET',
    path: '/admin/credits/reconciliation/{job_id}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'How far a comparison is that somebody asked for',
    params: z.strictObject({ job_id: idOf('job') }),
    answers: { 200: job },
    errors: ['NOT_FOUND'],
  }),
};
