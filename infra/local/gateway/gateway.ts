import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { createFunctionUrl } from '#infra/local/gateway/function-url';
import { createHttpApi, type HandleHttp } from '#infra/local/gateway/http-api';
import { type HttpAnswer, message } from '#infra/local/gateway/http-message';
import type { Authorize } from '#infra/local/gateway/jwt-authorizer';
import type { Invoker } from '#infra/local/lambda/invoker';
import type { FunctionUrlModel, HttpApiModel } from '#infra/local/template/model';

/** Everything the public reaches: the HTTP API, and the function URLs under paths of their own. */
export interface Gateway {
  readonly listener: RequestListener;
  /** Whether no request is being answered. */
  idle(): boolean;
}

/** `log` hears of mistakes of the stack itself; the client gets a plain 500. */
export function createGateway(options: {
  readonly api: HttpApiModel;
  readonly functionUrls: readonly FunctionUrlModel[];
  readonly accountId: string;
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly authorize: Authorize;
  readonly now: () => Date;
  readonly log: (line: string) => void;
}): Gateway {
  const { functionUrls, log } = options;
  const api = createHttpApi(options);
  const urls = new Map<string, HandleHttp>(
    functionUrls.map(({ functionName, path }) => [
      path,
      createFunctionUrl({ ...options, functionName }),
    ]),
  );
  let answering = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    answering += 1;
    try {
      const [path = '/'] = (request.url ?? '/').split('?');
      write(response, await (urls.get(path) ?? api)(request));
    } catch (error) {
      if (response.destroyed) return;
      log(
        `The gateway could not answer ${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`,
      );
      write(response, message(500, 'Internal Server Error'));
    } finally {
      answering -= 1;
    }
  };
  return {
    listener: (request, response) => void answer(request, response),
    idle: () => answering === 0,
  };
}

function write(response: ServerResponse, answer: HttpAnswer): void {
  const { body, cookies, headers, status } = answer;
  const bodyless = status === 204 || status === 304 || status < 200;
  if (cookies.length > 0) response.setHeader('set-cookie', [...cookies]);
  response.writeHead(status, {
    ...headers,
    ...(bodyless ? {} : { 'content-length': String(body.length) }),
  });
  response.end(bodyless ? undefined : body);
}
