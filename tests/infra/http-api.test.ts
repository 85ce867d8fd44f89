import { expect, test } from 'vitest';
import * as z from 'zod';
import { routeKey } from '#lib/contract/route';
import { allRoutes } from '#lib/contract/routes';
import { getAtt, ofType, ref, synthesized } from '#tests/infra/synthesized';

const resources = synthesized('prod');
const idOf = (type: string) => resources.find((resource) => resource.type === type)?.id;
const routes = ofType(
  resources,
  'AWS::ApiGatewayV2::Route',
  z.object({
    RouteKey: z.string(),
    AuthorizationType: z.string(),
    AuthorizerId: ref.optional(),
    Target: z.object({ 'Fn::Join': z.tuple([z.string(), z.tuple([z.string(), ref])]) }),
  }),
);
const [stage] = ofType(
  resources,
  'AWS::ApiGatewayV2::Stage',
  z.object({
    StageName: z.string(),
    DefaultRouteSettings: z.object({
      ThrottlingRateLimit: z.number(),
      ThrottlingBurstLimit: z.number(),
    }),
    RouteSettings: z.record(
      z.string(),
      z.strictObject({ ThrottlingRateLimit: z.number(), ThrottlingBurstLimit: z.number() }),
    ),
    AccessLogSettings: z.object({ Format: z.string(), DestinationArn: getAtt }),
  }),
);

test('the gateway has exactly the routes of the contract, and asks for a token on all but the public ones', () => {
  const deployed = routes.map(({ properties }) => [
    properties.RouteKey,
    properties.AuthorizationType,
    properties.AuthorizerId,
  ]);
  const authorizer = idOf('AWS::ApiGatewayV2::Authorizer');
  const declared = allRoutes.map((route) =>
    route.access.kind === 'public'
      ? [routeKey(route), 'NONE', undefined]
      : [routeKey(route), 'JWT', authorizer],
  );
  expect(deployed.sort()).toEqual(declared.sort());
});

test('each route calls the function that the contract names', () => {
  const lambdas = new Map(
    ofType(resources, 'AWS::Lambda::Function', z.object({ FunctionName: z.string() })).map(
      ({ id, properties }) => [id, properties.FunctionName],
    ),
  );
  const integrations = new Map(
    ofType(
      resources,
      'AWS::ApiGatewayV2::Integration',
      z.object({ IntegrationUri: getAtt, PayloadFormatVersion: z.literal('2.0') }),
    ).map(({ id, properties }) => [id, lambdas.get(properties.IntegrationUri)]),
  );
  const called = new Map(
    routes.map(({ properties }) => [
      properties.RouteKey,
      integrations.get(properties.Target['Fn::Join'][1][1]),
    ]),
  );
  for (const route of allRoutes) {
    expect(called.get(routeKey(route)), routeKey(route)).toBe(
      `credit-ledger-prod-${route.function}`,
    );
  }
});

test('tokens are those of the pool and of its three clients', () => {
  const [authorizer] = ofType(
    resources,
    'AWS::ApiGatewayV2::Authorizer',
    z.object({ JwtConfiguration: z.object({ Audience: z.array(ref), Issuer: z.unknown() }) }),
  );
  const clients = resources
    .filter(({ type }) => type === 'AWS::Cognito::UserPoolClient')
    .map(({ id }) => id);
  const { Audience, Issuer } = authorizer?.properties.JwtConfiguration ?? {};
  expect(Audience?.toSorted()).toEqual(clients.sort());
  expect(JSON.stringify(Issuer)).toContain(`{"Ref":"${idOf('AWS::Cognito::UserPool') ?? ''}"}`);
});

test('everything is throttled, and what is public or dear more than the rest', () => {
  expect(stage?.properties.StageName).toBe('$default');
  const all = stage?.properties.DefaultRouteSettings.ThrottlingRateLimit ?? 0;
  expect(all).toBeGreaterThan(0);
  const settings = Object.entries(stage?.properties.RouteSettings ?? {});
  for (const route of allRoutes.filter(({ access }) => access.kind === 'public')) {
    expect(settings.map(([key]) => key)).toContain(routeKey(route));
  }
  for (const [key, { ThrottlingRateLimit }] of settings) {
    expect(routes.map(({ properties }) => properties.RouteKey)).toContain(key);
    expect(ThrottlingRateLimit, key).toBeLessThan(all);
  }
});

test('the stage waits for the routes that its throttles name', () => {
  for (const { id } of routes) expect(stage?.dependsOn).toContain(id);
});

test('access logs are structured and hold no header, query or claim but the caller', () => {
  const format = z
    .record(z.string(), z.string())
    .parse(JSON.parse(stage?.properties.AccessLogSettings.Format ?? ''));
  expect(Object.keys(format)).toEqual(expect.arrayContaining(['request_id', 'route', 'status']));
  const revealing = Object.values(format).filter((field) =>
    /header|querystring|\.path|claims(?!\.sub$)|authorizer(?!\.(claims\.sub|error)$)/.test(field),
  );
  expect(revealing).toEqual([]);
});

test('only the origins of the stage may call from a browser', () => {
  const [api] = ofType(
    resources,
    'AWS::ApiGatewayV2::Api',
    z.object({ CorsConfiguration: z.object({ AllowOrigins: z.array(z.string()) }) }),
  );
  expect(api?.properties.CorsConfiguration.AllowOrigins).toEqual(['https://app.example.com']);
});
