import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { listen, stopListening } from '#infra/local/listen';
import { loopbackCertificate } from '#tests/bench/certificate';

export interface TlsFront {
  readonly url: string;
  /** For `NODE_EXTRA_CA_CERTS` of who shall trust it. */
  readonly certificateFile: string;
  close(): Promise<void>;
}

/** HTTPS before a plain server: a function pays for its handshake with the table, and so does the bench's. */
export async function startTlsFront(target: string): Promise<TlsFront> {
  const folder = mkdtempSync(join(tmpdir(), 'credit-ledger-bench-'));
  const certificateFile = join(folder, 'certificate.pem');
  const pair = loopbackCertificate(new Date());
  writeFileSync(certificateFile, pair.cert);
  const agent = new Agent({ keepAlive: true });
  const server = createServer(pair, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const sent = request(target, { method, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      // A client that leaves in the middle ends its own request and nothing else.
      pipeline(answer, outgoing).catch(() => outgoing.destroy());
    });
    sent.once('error', () => outgoing.destroy());
    pipeline(incoming, sent).catch(() => sent.destroy());
  });
  const port = await listen(server);
  return {
    url: `https://127.0.0.1:${port}`,
    certificateFile,
    close: async () => {
      await stopListening(server);
      agent.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
