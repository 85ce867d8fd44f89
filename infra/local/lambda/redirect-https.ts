import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { urlToHttpOptions } from 'node:url';

/**
 * Sends this thread's HTTPS requests for some hosts to ports of this machine, in plain HTTP: it is
 * how code without any local switch reaches the stand-ins of Cognito and the payment providers.
 * All other requests stay what they are.
 */
export function redirectHttps(redirects: Readonly<Record<string, number>>): void {
  const send = https.request;
  const loopback = new http.Agent({ keepAlive: true });
  const request = (...values: unknown[]): ClientRequest => {
    const { options, listener } = readCall(values);
    const host = options.hostname ?? options.host ?? '';
    const port = redirects[host];
    if (port === undefined) {
      const sent: unknown = Reflect.apply(send, https, values);
      if (sent instanceof http.ClientRequest) return sent;
      throw new TypeError('https.request made no request.');
    }
    return sendPlain({ options, listener }, { port, agent: loopback });
  };
  const get = (...values: unknown[]): ClientRequest => request(...values).end();
  Object.assign(https, { request, get });
  syncBuiltinESMExports();
}

/** Sends a request that was made for another host, perhaps over TLS, to a port of this machine. */
export function sendPlain(
  { options, listener }: HttpCall,
  to: { readonly port: number; readonly agent: http.Agent; readonly path?: string },
): ClientRequest {
  const { method = 'GET', path = '/', headers, timeout, signal } = options;
  const sent = http.request(
    {
      host: '127.0.0.1',
      port: to.port,
      method,
      path: to.path ?? path,
      // The caller's own agent makes TLS connections.
      agent: to.agent,
      setHost: false,
      ...(headers === undefined ? {} : { headers }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(signal === undefined ? {} : { signal }),
    },
    listener,
  );
  if (!sent.hasHeader('host')) sent.setHeader('host', options.hostname ?? options.host ?? '');
  // A client that waits for the TLS handshake before it writes its body (stripe-node does) would
  // wait for ever on a plain connection.
  sent.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', () => socket.emit('secureConnect'));
  });
  return sent;
}

export interface HttpCall {
  readonly options: http.RequestOptions;
  readonly listener: ((response: IncomingMessage) => void) | undefined;
}

/** `request` of http and https takes a URL, options or both, and then perhaps a listener. */
export function readCall(values: readonly unknown[]): HttpCall {
  const [first] = values;
  const url = typeof first === 'string' ? new URL(first) : first instanceof URL ? first : undefined;
  const options = values.find((value) => value !== url && isOptions(value));
  return {
    options: { ...(url && urlToHttpOptions(url)), ...(isOptions(options) ? options : {}) },
    listener: values.find(isListener),
  };
}

function isOptions(value: unknown): value is http.RequestOptions {
  return typeof value === 'object' && value !== null && !(value instanceof URL);
}

function isListener(value: unknown): value is (response: IncomingMessage) => void {
  return typeof value === 'function';
}
