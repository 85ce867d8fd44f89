/** One route of the control API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `{name}` stands for one segment. */
  readonly path: string;
  readonly run: (call: ControlCall) => Reply | Promise<Reply>;
}

export interface ControlCall {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON body; an empty object when there is none. */
  readonly body: unknown;
  /** Whether a browser asks. */
  readonly wantsHtml: boolean;
}

export type Reply =
  | { readonly status?: number; readonly json: unknown }
  | { readonly status?: number; readonly html: string };

/** The route of a call, with what its path says. */
export function matchControlRoute(
  routes: readonly Route[],
  call: { readonly method: string; readonly path: string },
): { readonly route: Route; readonly parameters: Readonly<Record<string, string>> } | undefined {
  for (const route of routes) {
    if (route.method !== call.method) continue;
    const pattern = route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(call.path);
    if (match === null) continue;
    const groups = Object.entries(match.groups ?? {});
    return {
      route,
      parameters: Object.fromEntries(
        groups.map(([name, value]) => [name, decodeURIComponent(value)]),
      ),
    };
  }
  return undefined;
}
