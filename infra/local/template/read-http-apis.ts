import * as z from 'zod';

import { nameInArn } from '#infra/local/template/identity';
import type {
  CorsModel,
  HttpApiModel,
  JwtAuthorizerModel,
  RouteModel,
  ThrottleModel,
} from '#infra/local/template/model';
import { flag, readAll, wholeNumber } from '#infra/local/template/read-properties';
import type { Resolver } from '#infra/local/template/resolve';
import { TemplateError } from '#infra/local/template/template-error';

/** API Gateway's own limit for an HTTP API's integration, and the default of the local stack. */
const INTEGRATION_TIMEOUT_MAX_MS = 29_000;

const texts = z.array(z.string()).default([]);

const apiSchema = z.strictObject({
  CorsConfiguration: z
    .strictObject({
      AllowCredentials: flag.default(false),
      AllowHeaders: texts,
      AllowMethods: texts,
      AllowOrigins: texts,
      ExposeHeaders: texts,
      MaxAge: wholeNumber.optional(),
    })
    .optional(),
  ProtocolType: z.literal('HTTP'),
});

const routeSettingsSchema = z.strictObject({
  DataTraceEnabled: z.unknown().optional(),
  DetailedMetricsEnabled: z.unknown().optional(),
  LoggingLevel: z.unknown().optional(),
  ThrottlingBurstLimit: wholeNumber.optional(),
  ThrottlingRateLimit: z.coerce.number().optional(),
});

const stageSchema = z.strictObject({
  ApiId: z.string(),
  AutoDeploy: flag.optional(),
  DefaultRouteSettings: routeSettingsSchema.optional(),
  // A named stage would put its name in front of every path.
  StageName: z.literal('$default'),
  RouteSettings: z.record(z.string(), routeSettingsSchema).default({}),
});

const routeSchema = z.strictObject({
  ApiId: z.string(),
  AuthorizationScopes: texts,
  AuthorizationType: z.enum(['NONE', 'JWT']).default('NONE'),
  AuthorizerId: z.string().optional(),
  RouteKey: z.string(),
  Target: z.string().startsWith('integrations/'),
});

const integrationSchema = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: wholeNumber.optional(),
});

const authorizerSchema = z.strictObject({
  ApiId: z.string(),
  AuthorizerType: z.literal('JWT'),
  IdentitySource: z.tuple([z.string()]).default(['$request.header.Authorization']),
  JwtConfiguration: z.strictObject({ Audience: texts, Issuer: z.string() }),
});

type Stage = z.infer<typeof stageSchema>;

/** The HTTP APIs with each route's function, authorizer and throttle. */
export function readHttpApis(resolver: Resolver): readonly HttpApiModel[] {
  const stages = readAll(resolver, {
    types: ['AWS::ApiGatewayV2::Stage'],
    schema: stageSchema,
    ignore: ['AccessLogSettings', 'Description', 'Tags'],
  });
  const routes = readAll(resolver, {
    types: ['AWS::ApiGatewayV2::Route'],
    schema: routeSchema,
    ignore: ['OperationName'],
  });
  const integrations = readIntegrations(resolver);
  const authorizers = readAuthorizers(resolver);

  return readAll(resolver, {
    types: ['AWS::ApiGatewayV2::Api'],
    schema: apiSchema,
    ignore: [
      'Description',
      'DisableExecuteApiEndpoint',
      'Name',
      'Tags',
      'Version',
      'IpAddressType',
    ],
  }).map(({ located, properties }) => {
    const id = resolver.identity(located).ref;
    const stage = stages.find((candidate) => candidate.properties.ApiId === id)?.properties;
    if (stage === undefined) throw new TemplateError(`${located.path} has no $default stage.`);
    const cors = readCors(properties.CorsConfiguration);
    const throttle = readThrottle(stage.DefaultRouteSettings);
    return {
      id,
      routes: routes
        .filter((route) => route.properties.ApiId === id)
        .map((route) =>
          readRoute({
            ...route.properties,
            path: route.located.path,
            stage,
            integrations,
            authorizers,
          }),
        ),
      ...(cors === undefined ? {} : { cors }),
      ...(throttle === undefined ? {} : { throttle }),
    };
  });
}

interface Integration {
  readonly functionName: string;
  readonly timeoutMs: number;
}

// Routes name integrations and authorizers by Ref, which is the logical id on this machine.
function readIntegrations(resolver: Resolver): ReadonlyMap<string, Integration> {
  const integrations = readAll(resolver, {
    types: ['AWS::ApiGatewayV2::Integration'],
    schema: integrationSchema,
    ignore: ['Description', 'IntegrationMethod'],
  });
  return new Map(
    integrations.map(({ located, properties }) => [
      located.logicalId,
      {
        functionName: nameInArn(lambdaArn(properties.IntegrationUri)),
        timeoutMs: Math.min(
          properties.TimeoutInMillis ?? INTEGRATION_TIMEOUT_MAX_MS,
          INTEGRATION_TIMEOUT_MAX_MS,
        ),
      },
    ]),
  );
}

/** An integration names its function by ARN, or by an invocation URI that contains the ARN. */
function lambdaArn(uri: string): string {
  return /functions\/(arn:[^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;
}

function readAuthorizers(resolver: Resolver): ReadonlyMap<string, JwtAuthorizerModel> {
  const authorizers = readAll(resolver, {
    types: ['AWS::ApiGatewayV2::Authorizer'],
    schema: authorizerSchema,
    ignore: ['Name'],
  });
  return new Map(
    authorizers.map(({ located, properties }) => {
      const header = /^\$request\.header\.(.+)$/.exec(properties.IdentitySource[0])?.[1];
      if (header === undefined) {
        throw new TemplateError(`${located.path} does not read its token from a header.`);
      }
      const { Audience: audience, Issuer: issuer } = properties.JwtConfiguration;
      return [located.logicalId, { audience, issuer, header: header.toLowerCase() }];
    }),
  );
}

function readRoute(
  route: z.infer<typeof routeSchema> & {
    readonly path: string;
    readonly stage: Stage;
    readonly integrations: ReadonlyMap<string, Integration>;
    readonly authorizers: ReadonlyMap<string, JwtAuthorizerModel>;
  },
): RouteModel {
  const integration = route.integrations.get(route.Target.slice('integrations/'.length));
  if (integration === undefined) {
    throw new TemplateError(`${route.path} points to an integration that does not exist.`);
  }
  const authorizer =
    route.AuthorizationType === 'JWT' ? route.authorizers.get(route.AuthorizerId ?? '') : undefined;
  if (route.AuthorizationType === 'JWT' && authorizer === undefined) {
    throw new TemplateError(`${route.path} wants a JWT but has no authorizer.`);
  }
  const throttle = readThrottle(route.stage.RouteSettings[route.RouteKey]);
  return {
    ...integration,
    routeKey: route.RouteKey,
    scopes: route.AuthorizationScopes,
    ...(authorizer === undefined ? {} : { authorizer }),
    ...(throttle === undefined ? {} : { throttle }),
  };
}

function readThrottle(
  settings: z.infer<typeof routeSettingsSchema> | undefined,
): ThrottleModel | undefined {
  const { ThrottlingBurstLimit: burst, ThrottlingRateLimit: ratePerSecond } = settings ?? {};
  return burst === undefined || ratePerSecond === undefined ? undefined : { burst, ratePerSecond };
}

function readCors(cors: z.infer<typeof apiSchema>['CorsConfiguration']): CorsModel | undefined {
  if (cors === undefined) return undefined;
  return {
    allowCredentials: cors.AllowCredentials,
    allowHeaders: cors.AllowHeaders,
    allowMethods: cors.AllowMethods,
    allowOrigins: cors.AllowOrigins,
    exposeHeaders: cors.ExposeHeaders,
    ...(cors.MaxAge === undefined ? {} : { maxAgeSeconds: cors.MaxAge }),
  };
}
