import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import type { Fault } from '#infra/local/providers/faults';
import { closed, type Reply } from '#infra/local/providers/http';

/** Lets a fault show on a call; `slow` says that the real answer follows after all. */
export async function showFault(show: {
  readonly fault: Fault;
  readonly incoming: IncomingMessage;
  /** The provider's own words for too many calls and for a failure on its side. */
  readonly refuse: (status: 429 | 500) => Reply;
}): Promise<Reply | 'broken' | 'slow'> {
  const { fault, incoming, refuse } = show;
  switch (fault.kind) {
    case 'reset':
      incoming.socket.resetAndDestroy();
      return 'broken';
    case 'hang':
      await closed(incoming);
      return 'broken';
    case 'timeout':
      await Promise.race([delay(fault.delay_ms, undefined, { ref: false }), closed(incoming)]);
      return 'slow';
    case '429':
      return refuse(429);
    case '500':
      return refuse(500);
    case '502_html':
      return {
        status: 502,
        body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
        headers: { 'content-type': 'text/html' },
      };
    case 'no_error_key':
      return {
        status: 500,
        body: '{"message":"Internal server error"}',
        headers: { 'content-type': 'application/json' },
      };
  }
}
