import type { Server } from 'node:http';

import { LocalStackError } from '#infra/local/local-stack-error';

/**
 * Listens on loopback only (port 0 takes a free one) and answers with the port. Throws
 * `LocalStackError` when the port is taken or may not be used.
 */
export async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((done, fail) => {
    server.once('error', (error) => {
      fail(new LocalStackError(explain(port, error), { cause: error }));
    });
    server.listen(port, '127.0.0.1', done);
  });
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new LocalStackError('The server listens on no port.');
}

/** Stops the server and whatever is still connected to it. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  server.closeAllConnections();
  await closed;
}

function explain(port: number, error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program: end it, or choose another port with PORT=...`;
  }
  if (code === 'EACCES') return `Port ${port} may not be used: choose one above 1023 with PORT=...`;
  return `Port ${port} cannot be used: ${error.message}.`;
}
