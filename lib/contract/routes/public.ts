import * as z from 'zod';
import { route } from '#lib/contract/route';

/** Routes about the service itself. */
export const publicRoutes = {
  getHealth: route({
    name: 'getHealth',
    method: 'GET',
    path: '/health',
    function: 'wallet',
    access: { kind: 'public' },
    summary: 'Says that the service answers',
    answers: { 200: z.strictObject({ status: z.literal('ok') }) },
    errors: [],
  }),
  getOpenapi: route({
    name: 'getOpenapi',
    method: 'GET',
    path: '/openapi.json',
    function: 'wallet',
    access: { kind: 'public' },
    summary: 'This description of the API',
    conditional: true,
    answers: { 200: z.looseObject({ openapi: z.string() }) },
    errors: [],
  }),
  getEventSchemas: route({
    name: 'getEventSchemas',
    method: 'GET',
    path: '/events.json',
    function: 'wallet',
    access: { kind: 'public' },
    summary: 'JSON Schemas of the events on the bus',
    conditional: true,
    answers: { 200: z.looseObject({ source: z.string() }) },
    errors: [],
  }),
};
