import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { HandleHttp } from '#infra/local/gateway/http-api';
import { type HttpAnswer, message, readBody, readRequest } from '#infra/local/gateway/http-message';
import { toAnswer, toEvent } from '#infra/local/gateway/payload';
import { type InvocationResult, PAYLOAD_BYTES_MAX } from '#infra/local/lambda/function-pool';
import type { Invoker } from '#infra/local/lambda/invoker';

/**
 * A Lambda function URL. The local path only stands for the URL's host name, so the function sees
 * the path `/`, as it does on AWS when a provider posts to the bare URL.
 */
export function createFunctionUrl(options: {
  readonly functionName: string;
  readonly accountId: string;
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly now: () => Date;
}): HandleHttp {
  const { accountId, functionName, invoker, now } = options;
  return async (incoming: IncomingMessage) => {
    const request = readRequest(incoming);
    const body = await readBody(incoming, PAYLOAD_BYTES_MAX);
    if (body === undefined) return message(413, 'Request Entity Too Large');
    const requestId = randomUUID();
    const event = toEvent(request, body, {
      accountId,
      apiId: functionName,
      domainName: `${functionName}.lambda-url.local`,
      requestId,
      routeKey: '$default',
      path: '/',
      pathParameters: {},
      time: now(),
    });
    const result = await invoker.invoke(functionName, event);
    const answer = result.ok ? toAnswer(result.payload) : explainFailure(result);
    const given = answer ?? message(502, 'Internal Server Error');
    return { ...given, headers: { ...given.headers, 'x-amzn-requestid': requestId } };
  };
}

function explainFailure(result: Extract<InvocationResult, { ok: false }>): HttpAnswer {
  switch (result.reason) {
    case 'throttled':
      return message(429, 'Rate Exceeded.');
    case 'too_large':
      return message(413, 'Request Entity Too Large');
    case 'error':
    case 'timeout':
      return message(502, 'Internal Server Error');
  }
}
