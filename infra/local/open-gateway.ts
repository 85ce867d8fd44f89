import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import { createGateway, type Gateway } from '#infra/local/gateway/gateway';
import { createAuthorize } from '#infra/local/gateway/jwt-authorizer';
import type { Invoker } from '#infra/local/lambda/invoker';
import { LocalStackError } from '#infra/local/local-stack-error';
import type { Services } from '#infra/local/start-services';
import { LOCAL_PLACE } from '#infra/local/template/identity';
import type { StackModel } from '#infra/local/template/model';

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** The gateway of the template's one HTTP API; the pool's keys come from the local issuer. */
export function openGateway(parts: {
  readonly clock: Clock;
  readonly invoker: Invoker;
  readonly log: (line: string) => void;
  readonly model: StackModel;
  readonly services: Services;
}): Gateway {
  const { clock, invoker, log, model, services } = parts;
  const [api, ...others] = model.apis;
  if (api === undefined || others.length > 0) {
    throw new LocalStackError(`The template has ${model.apis.length} HTTP APIs instead of one.`);
  }
  const now = (): Date => clock.now();
  return createGateway({
    api,
    functionUrls: model.functionUrls,
    accountId: LOCAL_PLACE.accountId,
    invoker,
    authorize: createAuthorize({
      now,
      fetchKeys: async (issuer) => {
        const { pathname } = new URL(issuer);
        const url = `http://127.0.0.1:${services.cognitoPort}${pathname}/.well-known/jwks.json`;
        return keySetSchema.parse(await (await fetch(url)).json());
      },
    }),
    now,
    log,
  });
}
