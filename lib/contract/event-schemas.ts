import * as z from 'zod';
import { eventSchemas } from '#lib/contract/events';

/**
 * The JSON Schema of every event's detail, by the name that rules match as `detail-type`. Like the description of the
 * API it is built when the service is, and no function imports this file.
 */
export function eventSchemasDocument(): {
  readonly source: 'credits';
  readonly events: Readonly<Record<string, object>>;
} {
  const events = Object.entries(eventSchemas).map(([name, schema]) => {
    const generated = z.toJSONSchema(schema, { io: 'output', reused: 'inline' });
    return [name, generated] as const;
  });
  return { source: 'credits', events: Object.fromEntries(events) };
}
