/**
 * A schema that is made when it is first looked at. Every bundle carries the schemas of all records and of all its
 * routes, and making them was most of what our own code did during a cold start; a request needs a handful. The build
 * puts this around schemas (`own-modules.ts`), so that nobody has to think of it where they are written.
 */
export function later<T extends object>(make: () => T): T;
export function later(make: () => object): object {
  let made: object | undefined;
  const get = (_: object, key: PropertyKey): unknown => Reflect.get((made ??= make()), key);
  const has = (_: object, key: PropertyKey): boolean => Reflect.has((made ??= make()), key);
  return new Proxy({}, { get, has });
}
