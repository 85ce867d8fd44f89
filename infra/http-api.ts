import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CfnStage,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Route, routeKey } from '#lib/contract/route';
import { invariant } from '#lib/invariant';
import { acknowledge } from '#infra/acknowledge';
import type { FunctionLookup, FunctionName } from '#infra/functions';
import type { Identity } from '#infra/identity';
import type { StageConfig } from '#infra/stage';

/** What the gateway has to know of a route of the contract. */
export type GatewayRoute = Pick<Route, 'method' | 'path' | 'function' | 'access'>;

export interface LedgerApiProps {
  readonly prefix: string;
  readonly routes: readonly GatewayRoute[];
  readonly functions: FunctionLookup;
  readonly identity: Identity;
  readonly config: StageConfig;
}

/**
 * The HTTP API: exactly the contract's routes. Its authorizer only keeps out who has no token of this pool; kind of
 * token, scope, group and permission are decided in the function, which also answers in the API's own error format.
 */
export class LedgerApi extends Construct {
  readonly api: HttpApi;
  readonly url: string;

  constructor(scope: Construct, id: string, props: LedgerApiProps) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      apiName: props.prefix,
      createDefaultStage: false,
      corsPreflight: corsFor(props.config),
    });
    const authorizer = jwtAuthorizer(this, props.identity);
    const integrations = new Map<FunctionName, HttpLambdaIntegration>();
    const routes = props.routes.map((route) => {
      const integration =
        integrations.get(route.function) ??
        new HttpLambdaIntegration(route.function, props.functions(route.function), {
          // One permission per route would outgrow the function's policy (20 KB).
          scopePermissionToRoute: false,
        });
      integrations.set(route.function, integration);
      const created = new HttpRoute(this, routeKey(route), {
        httpApi: this.api,
        routeKey: HttpRouteKey.with(route.path, HttpMethod[route.method]),
        integration,
        authorizer: route.access.kind === 'public' ? new HttpNoneAuthorizer() : authorizer,
      });
      if (route.access.kind === 'public') {
        acknowledge(created, {
          'AwsSolutions-APIG4': 'The contract makes this route public; it tells nothing of a user.',
        });
      }
      return created;
    });
    const stage = defaultStage(this, this.api, props);
    // The stage names its routes' throttles, and refuses one that does not exist yet.
    stage.node.addDependency(...routes);
    this.url = stage.url;
  }
}

function corsFor({ corsOrigins }: StageConfig) {
  return {
    allowOrigins: [...corsOrigins],
    allowMethods: [
      CorsHttpMethod.GET,
      CorsHttpMethod.POST,
      CorsHttpMethod.PUT,
      CorsHttpMethod.PATCH,
    ],
    allowHeaders: [
      'authorization',
      'cache-control',
      'content-type',
      'idempotency-key',
      'if-none-match',
    ],
    exposeHeaders: [
      'etag',
      'idempotent-replayed',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
      'x-request-id',
    ],
    maxAge: Duration.hours(1),
  };
}

function jwtAuthorizer(scope: Construct, identity: Identity): HttpJwtAuthorizer {
  const { region } = Stack.of(scope);
  return new HttpJwtAuthorizer(
    'Tokens',
    `https://cognito-idp.${region}.amazonaws.com/${identity.userPool.userPoolId}`,
    {
      jwtAudience: [
        identity.appClient.userPoolClientId,
        identity.adminClient.userPoolClientId,
        identity.serviceClient.userPoolClientId,
      ],
    },
  );
}

function defaultStage(scope: Construct, api: HttpApi, props: LedgerApiProps): HttpStage {
  const { throttle } = props.config;
  const logs = new LogGroup(scope, 'AccessLogs', {
    // Under this prefix log delivery needs no resource policy per group, of which an account has ten.
    logGroupName: `/aws/vendedlogs/${props.prefix}-api`,
    retention: props.config.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const stage = new HttpStage(scope, 'Stage', {
    httpApi: api,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
    accessLogSettings: {
      destination: new LogGroupLogDestination(logs),
      format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
    },
  });
  const resource = stage.node.defaultChild;
  invariant(resource instanceof CfnStage, 'a stage is a CfnStage');
  resource.routeSettings = Object.fromEntries(
    props.routes.flatMap((route) => {
      const share = throttleShare(route);
      if (share === 1) return [];
      const settings = {
        ThrottlingRateLimit: Math.ceil(throttle.rate * share),
        ThrottlingBurstLimit: Math.ceil(throttle.burst * share),
      };
      return [[routeKey(route), settings]];
    }),
  );
  return stage;
}

const BOUNDED: readonly FunctionName[] = ['purchases', 'subscriptions', 'admin'];

/**
 * How much of the API's rate one route may take. Whoever has no token is bounded before a function runs; what calls a
 * provider or reads much is bounded below what spends may take.
 */
function throttleShare(route: GatewayRoute): number {
  if (route.access.kind === 'public') return 0.5;
  return BOUNDED.includes(route.function) ? 0.2 : 1;
}

/** No header, query or claim but the caller's id: a token must never reach a log. */
const accessLogFields = {
  request_id: '$context.requestId',
  time: '$context.requestTimeEpoch',
  route: '$context.routeKey',
  status: '$context.status',
  latency_ms: '$context.responseLatency',
  integration_ms: '$context.integrationLatency',
  integration_error: '$context.integrationErrorMessage',
  authorizer_error: '$context.authorizer.error',
  bytes: '$context.responseLength',
  ip: '$context.identity.sourceIp',
  user_agent: '$context.identity.userAgent',
  sub: '$context.authorizer.claims.sub',
} as const;
