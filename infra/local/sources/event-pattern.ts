import * as z from 'zod';

import { TemplateError } from '#infra/local/template/template-error';

const recordSchema = z.record(z.string(), z.unknown());
const numericSchema = z
  .array(z.union([z.enum(['<', '<=', '=', '>', '>=']), z.number()]))
  .min(2)
  .max(4);

/** Whether an event is one that a pattern describes. */
export type Matcher = (event: unknown) => boolean;

/**
 * Compiles an EventBridge pattern, which filters of event sources use too: exact values, `prefix`,
 * `suffix`, `equals-ignore-case`, `anything-but`, `numeric`, `exists`, `wildcard` and `$or`. Throws
 * `TemplateError` for any other operator.
 */
export function compilePattern(pattern: unknown): Matcher {
  const fields = Object.entries(recordSchema.parse(pattern)).map(([name, value]) =>
    name === '$or' ? compileAlternatives(value) : compileField(name, value),
  );
  return (event) => fields.every((matches) => matches(event));
}

function compileAlternatives(value: unknown): Matcher {
  const alternatives = z.array(z.unknown()).parse(value).map(compilePattern);
  return (event) => alternatives.some((matches) => matches(event));
}

function compileField(name: string, value: unknown): Matcher {
  if (!Array.isArray(value)) {
    const nested = compilePattern(value);
    return (event) => nested(fieldOf(event, name));
  }
  const conditions = value.map(compileCondition);
  return (event) => {
    const field = fieldOf(event, name);
    // A list in the event matches when one of its values does.
    const values: readonly unknown[] = Array.isArray(field) ? field : [field];
    return conditions.some((matches) => values.some((item) => matches(item)));
  };
}

function fieldOf(event: unknown, name: string): unknown {
  return recordSchema.safeParse(event).data?.[name];
}

function compileCondition(condition: unknown): Matcher {
  if (typeof condition !== 'object' || condition === null) return (value) => value === condition;
  const [operator = ''] = Object.keys(condition);
  const operand: unknown = Reflect.get(condition, operator);
  const compile = OPERATORS[operator];
  if (compile === undefined) {
    throw new TemplateError(`The local stack lacks the pattern operator "${operator}".`);
  }
  return compile(operand);
}

const OPERATORS: Readonly<Record<string, (operand: unknown) => Matcher>> = {
  'anything-but': (operand) => {
    const refused = (Array.isArray(operand) ? operand : [operand]).map(compileCondition);
    return (value) => value !== undefined && !refused.some((matches) => matches(value));
  },
  'equals-ignore-case': (operand) => {
    const wanted = z.string().parse(operand).toLowerCase();
    return ofText((value) => value.toLowerCase() === wanted);
  },
  exists: (operand) => {
    const wanted = z.boolean().parse(operand);
    return (value) => (value !== undefined) === wanted;
  },
  numeric: (operand) => compileNumeric(numericSchema.parse(operand)),
  prefix: (operand) => {
    const wanted = z.string().parse(operand);
    return ofText((value) => value.startsWith(wanted));
  },
  suffix: (operand) => {
    const wanted = z.string().parse(operand);
    return ofText((value) => value.endsWith(wanted));
  },
  wildcard: (operand) => {
    const parts = z.string().parse(operand).split('*').map(escapeForRegExp);
    const wanted = new RegExp(`^${parts.join('.*')}$`, 's');
    return ofText((value) => wanted.test(value));
  },
};

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function ofText(matches: (value: string) => boolean): Matcher {
  return (value) => typeof value === 'string' && matches(value);
}

function compileNumeric(operand: z.infer<typeof numericSchema>): Matcher {
  const comparisons: Matcher[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const bound = z.number().parse(operand[index + 1]);
    const operator = operand[index];
    comparisons.push((value) => typeof value === 'number' && compare(value, operator, bound));
  }
  return (value) => comparisons.every((holds) => holds(value));
}

function compare(value: number, operator: string | number | undefined, bound: number): boolean {
  switch (operator) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    default:
      return value === bound;
  }
}
