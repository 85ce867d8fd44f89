import { compilePattern } from '#infra/local/sources/event-pattern';
import { deliver, type TargetOptions } from '#infra/local/sources/targets';
import type { RuleModel } from '#infra/local/template/model';

/** Brings an event of a bus to the targets of every rule that matches it; resolves when all have it. */
export type DeliverToRules = (delivery: {
  readonly bus: string;
  readonly event: unknown;
}) => Promise<void>;

/** Compiles the rules' patterns. Throws `TemplateError` for an operator that the stack lacks. */
export function createRules(
  options: TargetOptions & { readonly rules: readonly RuleModel[] },
): DeliverToRules {
  const rules = options.rules.map((rule) => ({ ...rule, matches: compilePattern(rule.pattern) }));
  return async ({ bus, event }) => {
    const targets = rules
      .filter((rule) => rule.bus === bus && rule.matches(event))
      .flatMap((rule) => rule.targets);
    await Promise.all(
      targets.map((target) =>
        deliver(options, target, target.input === undefined ? event : JSON.parse(target.input)),
      ),
    );
  };
}
