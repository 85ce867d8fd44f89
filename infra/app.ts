import { fileURLToPath } from 'node:url';
import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { allRoutes } from '#lib/contract/routes';
import { buildFunctions } from '#infra/bundle/build-functions';
import { ServiceStack } from '#infra/service-stack';
import { type StageConfig, type StageName, stageNamed, stages } from '#infra/stage';
import { TableStack } from '#infra/table-stack';

export interface BuildAppOptions {
  readonly stage: StageName;
  /** Where the templates go. */
  readonly outdir?: string;
  /** Replaces parts of the stage's configuration, as the local stack does with its own origin. */
  readonly config?: Partial<StageConfig>;
  /** Where the functions' bundles are; `.build/functions` unless told. */
  readonly bundles?: string;
  /**
   * Whether synthesis validates the templates and runs the security checks (seconds of CPU). Not for the stage `local`
   * unless told: it synthesizes at every start, and tests and deployments check the same constructs.
   */
  readonly checks?: boolean;
}

/** The whole application of one stage; `synth()` of it needs no network, no account and no AWS configuration. */
export function buildApp(options: BuildAppOptions): App {
  const { stage, checks = stage !== 'local' } = options;
  const app = new App({
    ...(options.outdir !== undefined && { outdir: options.outdir }),
    analyticsReporting: false,
    builtinCloudFormationValidation: checks,
    treeMetadata: checks,
    context: { ...appContext, ...(stage === 'local' && localContext) },
  });
  const prefix = `credit-ledger-${stage}`;
  const config = { ...stages[stage], ...options.config };
  const tableName = prefix;
  const { table } = new TableStack(app, `${prefix}-table`, { tableName });
  new ServiceStack(app, `${prefix}-service`, {
    prefix,
    stage,
    config,
    table,
    tableName,
    routes: allRoutes,
    bundles: options.bundles ?? fileURLToPath(new URL('../.build/functions', import.meta.url)),
  });
  Tags.of(app).add('app', 'credit-ledger');
  Tags.of(app).add('stage', stage);
  if (checks) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

const appContext = {
  // Tells whoever runs the template (sam, the local stack) where each function's code is.
  'aws:cdk:enable-asset-metadata': true,
  'aws:cdk:enable-path-metadata': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
  // The table cannot be replaced under a service that uses it.
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
} as const;

// The bundles are run where they were built: no copy, and each folder has its function's name.
const localContext = { 'aws:cdk:disable-asset-staging': true } as const;

if (import.meta.main) {
  await buildFunctions();
  // Only reads what the CLI passes on: synthesized at exit, it would replace the real application.
  const stage: unknown = new App({ autoSynth: false }).node.tryGetContext('stage');
  buildApp({ stage: stageNamed(stage ?? 'dev') }).synth();
}
