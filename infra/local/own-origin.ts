import type { StackModel } from '#infra/local/template/model';

/** Where the stage `local` says that the app is; `PORT` may have moved it. */
const ORIGIN_OF_STAGE = 'http://localhost:3000';

/** Lets this stack's own origin in wherever the stage lets in that of the usual port. */
export function withOwnOrigin(model: StackModel, origin: string): StackModel {
  if (origin === ORIGIN_OF_STAGE) return model;
  const extend = (origins: readonly string[]): readonly string[] =>
    origins.includes(ORIGIN_OF_STAGE) ? [...origins, origin] : origins;
  return {
    ...model,
    apis: model.apis.map((api) => ({
      ...api,
      ...(api.cors && { cors: { ...api.cors, allowOrigins: extend(api.cors.allowOrigins) } }),
    })),
    functions: model.functions.map((item) => ({
      ...item,
      environment: Object.fromEntries(
        Object.entries(item.environment).map(([name, value]) => [
          name,
          extend(value.split(',')).join(','),
        ]),
      ),
    })),
  };
}
