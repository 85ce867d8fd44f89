import * as z from 'zod';
import { cancelledProject } from '#lib/contract/applications';
import { description } from '#lib/contract/fields';
import { keyPart } from '#lib/contract/ids';
import { route } from '#lib/contract/route';

const ofProject = z.strictObject({ projectId: keyPart });

/** Cancelled projects, for those who run the app. */
export const adminProjectRoutes = {
  refundProject: route({
    name: 'refundProject',
    method: 'POST',
    path: '/admin/credits/refund-project/{projectId}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.refund' },
    summary: 'Cancels a project: refuses new applications and refunds the open ones',
    params: ofProject,
    body: z.strictObject({ reason: description.optional() }),
    idempotent: true,
    answers: { 202: cancelledProject },
    errors: ['CONTENTION'],
  }),
  getProjectRefund: route({
    name: 'getProjectRefund',
    method: 'GET',
    path: '/admin/credits/refund-project/{projectId}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.read' },
    summary: 'How far the refunds of a cancelled project are',
    params: ofProject,
    answers: { 200: cancelledProject },
    errors: ['NOT_FOUND'],
  }),
};
