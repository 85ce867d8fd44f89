import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Starts a server on loopback only: the stand-ins sign tokens and hand out secrets to whoever asks.
 * `port` 0 takes any free one. Rejects with the system's error (`EADDRINUSE`).
 */
export async function listenOnLoopback(
  server: Server,
  port = 0,
): Promise<{ readonly url: string; readonly port: number; readonly close: () => Promise<void> }> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = boundPort(server.address());
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      // Clients keep connections open; what is still being answered gets this one turn to leave.
      setImmediate(() => {
        server.closeAllConnections();
      });
      await closed;
    },
  };
}

function boundPort(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') {
    throw new Error('A server that listens on a port has an address.');
  }
  return address.port;
}
