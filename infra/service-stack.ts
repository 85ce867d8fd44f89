import { join } from 'node:path';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { invariant } from '#lib/invariant';
import { addReceiverUrl, connectEventSources } from '#infra/event-sources';
import { functionDefinitions, type FunctionLookup, functionNames } from '#infra/functions';
import { type GatewayRoute, LedgerApi } from '#infra/http-api';
import { LedgerFunction } from '#infra/ledger-function';
import { Monitoring } from '#infra/monitoring';
import { SeedResource } from '#infra/seed-resource';
import { ServiceResources } from '#infra/service-resources';
import type { StageConfig, StageName } from '#infra/stage';

export interface ServiceStackProps {
  readonly prefix: string;
  readonly stage: StageName;
  readonly config: StageConfig;
  readonly table: Table;
  readonly tableName: string;
  readonly routes: readonly GatewayRoute[];
  /** Where the folders with each function's `index.js` are. */
  readonly bundles: string;
}

/** Everything but the table: functions, the HTTP API, identity, queues, secrets, e-mail, events, alarms. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, { description: 'Credit ledger: the service.' });
    const resources = new ServiceResources(this, 'Resources', props);
    const functions = this.#functions(props, resources);
    const api = new LedgerApi(this, 'Http', { ...props, functions, identity: resources.identity });
    connectEventSources(functions, resources);
    new SeedResource(this, 'Seed', {
      seed: functions('seed'),
      code: join(props.bundles, 'seed'),
    });
    new Monitoring(this, 'Monitoring', { ...props, api: api.api, functions, resources });

    const { identity } = resources;
    const outputs = {
      ApiUrl: api.url,
      StripeWebhookUrl: addReceiverUrl(functions('webhooks-stripe')),
      RazorpayWebhookUrl: addReceiverUrl(functions('webhooks-razorpay')),
      UserPoolId: identity.userPool.userPoolId,
      AppClientId: identity.appClient.userPoolClientId,
      AdminClientId: identity.adminClient.userPoolClientId,
      ServiceClientId: identity.serviceClient.userPoolClientId,
      TokenEndpoint: identity.tokenEndpoint,
      StripeApiKeySecret: resources.secrets.stripeApiKey.secretArn,
      StripeWebhookSecret: resources.secrets.stripeWebhook.secretArn,
      RazorpayApiKeySecret: resources.secrets.razorpayApiKey.secretArn,
      RazorpayWebhookSecret: resources.secrets.razorpayWebhook.secretArn,
      EventBusName: resources.bus.eventBusName,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }

  #functions(props: ServiceStackProps, resources: ServiceResources): FunctionLookup {
    const created = new Map(
      functionNames().map((name) => {
        const definition = functionDefinitions[name];
        const code = join(props.bundles, name);
        const { lambda } = new LedgerFunction(this, name, {
          ...props,
          name,
          definition,
          resources,
          code,
        });
        return [name, lambda];
      }),
    );
    return (name) => {
      const lambda = created.get(name);
      invariant(lambda !== undefined, `function ${name} has been created`);
      return lambda;
    };
  }
}
