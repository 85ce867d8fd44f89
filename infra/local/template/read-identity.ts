import * as z from 'zod';

import { nameInArn } from '#infra/local/template/identity';
import type { UserPoolModel } from '#infra/local/template/model';
import { readAll } from '#infra/local/template/read-properties';
import type { Resolver } from '#infra/local/template/resolve';

// Cognito's other triggers can change a sign-in or a token, so they must not be passed over.
const poolSchema = z.looseObject({
  LambdaConfig: z.strictObject({ PostConfirmation: z.string().optional() }).optional(),
});

const clientSchema = z.looseObject({
  AllowedOAuthFlows: z.array(z.string()).default([]),
  AllowedOAuthScopes: z.array(z.string()).default([]),
  ClientName: z.string().optional(),
  GenerateSecret: z.boolean().default(false),
  UserPoolId: z.string(),
});

/** The user pools with their clients; how users sign in is Cognito's and not run here. */
export function readUserPools(resolver: Resolver): readonly UserPoolModel[] {
  const clients = readAll(resolver, {
    types: ['AWS::Cognito::UserPoolClient'],
    schema: clientSchema,
    ignore: ['CallbackURLs', 'LogoutURLs'],
  });
  return readAll(resolver, {
    types: ['AWS::Cognito::UserPool'],
    schema: poolSchema,
    ignore: ['EmailConfiguration', 'SmsConfiguration'],
  }).map(({ located, properties }) => {
    const id = resolver.identity(located).ref;
    const postConfirmation = properties.LambdaConfig?.PostConfirmation;
    return {
      id,
      clients: clients
        .filter((client) => client.properties.UserPoolId === id)
        .map((client) => {
          const { attributes, ref } = resolver.identity(client.located);
          const secret = client.properties.GenerateSecret ? attributes['ClientSecret'] : undefined;
          return {
            id: ref,
            logicalId: client.located.logicalId,
            name: client.properties.ClientName ?? client.located.logicalId,
            flows: client.properties.AllowedOAuthFlows,
            scopes: client.properties.AllowedOAuthScopes,
            ...(secret === undefined ? {} : { secret }),
          };
        }),
      ...(postConfirmation === undefined ? {} : { postConfirmation: nameInArn(postConfirmation) }),
    };
  });
}

/** Addresses and domains that SES may send from. */
export function readEmailIdentities(resolver: Resolver): readonly string[] {
  return readAll(resolver, {
    types: ['AWS::SES::EmailIdentity'],
    schema: z.looseObject({ EmailIdentity: z.string() }),
  }).map(({ properties }) => properties.EmailIdentity);
}
