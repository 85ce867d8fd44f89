/**
 * A schema that is made when it is first looked at. Every bundle carries the schemas of all records and of all its
 * routes, and making them was most of what our own code did during a cold start; a request needs a handful. The build
 * puts this around schemas (`own-modules.ts`), so that nobody has to think of it where they are written.
 *
 * A schema that is part of another is asked for `_zod` at every parse: once made, it has that as its own.
 */
export function later<T extends object>(make: () => T): T;
export function later(make: () => object): object {
  const schema = {};
  let made: object | undefined;
  const look = (): object => {
    if (made === undefined) {
      made = make();
      Object.defineProperty(schema, '_zod', { value: Reflect.get(made, '_zod') });
    }
    return made;
  };
  const get = (_: object, key: PropertyKey): unknown => Reflect.get(look(), key);
  const has = (_: object, key: PropertyKey): boolean => Reflect.has(look(), key);
  Object.setPrototypeOf(schema, new Proxy({}, { get, has }));
  return schema;
}
