/** A route key taken apart; `$default` has neither method nor segments. */
interface CompiledRoute<R> {
  readonly route: R;
  readonly method: string;
  readonly segments: readonly string[];
}

export interface RouteMatch<R> {
  readonly route: R;
  readonly pathParameters: Readonly<Record<string, string>>;
}

export type MatchRoute<R> = (request: {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
}) => RouteMatch<R> | undefined;

/**
 * Chooses a route as an HTTP API does: a path of plain and `{name}` segments before a greedy one,
 * plain segments before parameters, a route's own method before ANY, and `$default` last.
 */
export function compileRoutes<R extends { readonly routeKey: string }>(
  routes: readonly R[],
): MatchRoute<R> {
  const fallback = routes.find(({ routeKey }) => routeKey === '$default');
  const compiled = routes
    .filter((route) => route !== fallback)
    .map(compile)
    .toSorted(bySpecificity);
  return ({ method, path }) => {
    const parts = path.split('/').slice(1);
    for (const candidate of compiled) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue;
      const pathParameters = matchSegments(candidate.segments, parts);
      if (pathParameters !== undefined) return { route: candidate.route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: {} };
  };
}

function compile<R extends { readonly routeKey: string }>(route: R): CompiledRoute<R> {
  const [method = '', path = ''] = route.routeKey.split(' ');
  return { route, method, segments: path.split('/').slice(1) };
}

function bySpecificity(a: CompiledRoute<unknown>, b: CompiledRoute<unknown>): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index += 1) {
    const difference = rank(a.segments[index]) - rank(b.segments[index]);
    if (difference !== 0) return difference;
  }
  return Number(a.method === 'ANY') - Number(b.method === 'ANY');
}

/** Plain text, then a parameter, then the end of the path, then a parameter that takes the rest. */
function rank(segment: string | undefined): number {
  if (segment === undefined) return 2;
  if (isGreedy(segment)) return 3;
  return isParameter(segment) ? 1 : 0;
}

function matchSegments(
  segments: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (isGreedy(segment)) {
      const rest = parts.slice(index).join('/');
      if (rest === '') return undefined;
      return { ...parameters, [segment.slice(1, -2)]: decodeURIComponent(rest) };
    }
    if (part === undefined) return undefined;
    if (isParameter(segment)) {
      // An empty segment is no value: `/users//balance` names no user.
      if (part === '') return undefined;
      parameters[segment.slice(1, -1)] = decodeURIComponent(part);
    } else if (segment !== part) {
      return undefined;
    }
  }
  return segments.length === parts.length ? parameters : undefined;
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}');
}

function isGreedy(segment: string): boolean {
  return isParameter(segment) && segment.endsWith('+}');
}
